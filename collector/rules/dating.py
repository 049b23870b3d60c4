"""When records were truly made. Kiosks write what their clock said; earlier ones are re-dated by derivation here.

A record of the network's time (ntp) stands as it is. Any other record of the same boot is dated from the nearest such one
by the monotonic clock, which never steps. What is left stands when its clock vouches for it (rtc), else its time is
unknown: it lies between the dated records before and after it in its chain.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collector.rules.evidence import Basis, Moment

DRIFT_PPM = 100
"""How wrong a board's crystal may run between two records of a boot, in millionths; crystals are sold as ±20 to ±50."""

TRUSTED = timedelta(seconds=30)
"""A time that may be wrong by more than this carries no verdict."""

FIRST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a record says of its time. Identity: `(kiosk, chain, seq)`; `received_at`: when the centre had it.

    `learnt_ms`: of a clock-learnt event, true time minus the time believed before it; None for every other record.
    """

    kiosk: str
    chain: str
    seq: int
    at: datetime
    source: str
    error_ms: int | None
    boot: str
    monotonic_ns: int
    received_at: datetime
    learnt_ms: int | None = None

    @property
    def record(self) -> str:
        """Identity as looks name it."""
        return f"{self.kiosk}/{self.chain}/{self.seq}"


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A moment of a boot at which the true time was known, within `error`."""

    monotonic_ns: int
    at: datetime
    error: timedelta


def date_records(stamps: Iterable[Stamp], trusted: timedelta = TRUSTED) -> dict[str, Moment]:
    """The moment of every record, by identity; `trusted`: the largest error that may carry a verdict.

    Give whole boots and chains: an anchor that is left out cannot date anything.
    """
    told = sorted(set(stamps), key=lambda each: (each.kiosk, each.chain, each.seq, each.at))
    anchors = _anchors(told, trusted)
    moments = {stamp.record: _dated(stamp, anchors.get((stamp.kiosk, stamp.boot), []), trusted) for stamp in told}
    chains: dict[tuple[str, str], list[Stamp]] = defaultdict(list)
    for stamp in told:
        chains[stamp.kiosk, stamp.chain].append(stamp)
    return {record: moment for chain in chains.values() for record, moment in _bounded(chain, moments)}


def complete_until(heartbeats: Iterable[tuple[Moment, datetime]]) -> datetime | None:
    """Up to when a kiosk is complete: the latest of its heartbeats without a gap below, each with its receipt.

    A doubtful heartbeat proves no more than the earliest moment it may be of, and none more than its receipt: else a
    clock that runs ahead would make everybody absent.
    """
    return max((min(moment.earliest, received_at) for moment, received_at in heartbeats), default=None)


def _anchors(stamps: Iterable[Stamp], trusted: timedelta) -> Mapping[tuple[str, str], list[_Anchor]]:
    boots: dict[tuple[str, str], list[_Anchor]] = defaultdict(list)
    for stamp in stamps:
        error = _vouched(stamp)
        if stamp.source == "ntp" and error is not None and error <= trusted:
            boots[stamp.kiosk, stamp.boot].append(_Anchor(stamp.monotonic_ns, stamp.at, error))
        elif stamp.learnt_ms is not None:
            learnt = stamp.at + timedelta(milliseconds=stamp.learnt_ms)
            boots[stamp.kiosk, stamp.boot].append(_Anchor(stamp.monotonic_ns, learnt, error or timedelta()))
    for known in boots.values():
        known.sort(key=lambda anchor: (anchor.monotonic_ns, anchor.at, anchor.error))
    return boots


def _vouched(stamp: Stamp) -> timedelta | None:
    """The error its clock vouches for; None when none does, or when the record would be from after its receipt."""
    if stamp.at - TRUSTED > stamp.received_at:
        return None
    return None if stamp.error_ms is None or stamp.source == "none" else timedelta(milliseconds=stamp.error_ms)


def _dated(stamp: Stamp, anchors: list[_Anchor], trusted: timedelta) -> Moment | None:
    """The moment of one record by itself; None when nothing but its neighbours can bound it."""
    error = _vouched(stamp)
    if stamp.source == "ntp" and error is not None and error <= trusted:
        return _moment(stamp.at, error, Basis.CLOCK)
    if anchors:
        at, error = _by_anchor(stamp, anchors)
        return _moment(at, error, Basis.LEARNT if error <= trusted else Basis.UNKNOWN)
    if error is not None:
        return _moment(stamp.at, error, Basis.CLOCK if error <= trusted else Basis.UNKNOWN)
    return None


def _by_anchor(stamp: Stamp, anchors: list[_Anchor]) -> tuple[datetime, timedelta]:
    """Time from the nearest anchor by the monotonic clock, and how wrong it may be."""
    after = bisect_left(anchors, stamp.monotonic_ns, key=lambda anchor: anchor.monotonic_ns)
    near = min(anchors[max(0, after - 1) : after + 1], key=lambda anchor: abs(anchor.monotonic_ns - stamp.monotonic_ns))
    apart = timedelta(milliseconds=(stamp.monotonic_ns - near.monotonic_ns) // 1_000_000)
    return near.at + apart, near.error + abs(apart) * DRIFT_PPM / 1_000_000


def _moment(at: datetime, error: timedelta, basis: Basis) -> Moment:
    return Moment(at=at, earliest=at - error, latest=at + error, basis=basis)


def _bounded(chain: list[Stamp], moments: Mapping[str, Moment | None]) -> Iterable[tuple[str, Moment]]:
    """Every record of a chain, those without a date between their dated neighbours, at the latest when received."""
    latest: list[datetime] = []
    after: datetime | None = None
    for stamp in reversed(chain):
        moment = moments[stamp.record]
        after = moment.latest if moment is not None and moment.trusted else after
        latest.append(stamp.received_at if after is None else min(after, stamp.received_at))
    before = FIRST
    for stamp, bound in zip(chain, reversed(latest), strict=True):
        moment = moments[stamp.record]
        if moment is not None:
            before = moment.earliest if moment.trusted else before
            yield stamp.record, moment
        else:
            last = max(before, bound)
            yield stamp.record, Moment(at=stamp.at, earliest=before, latest=last, basis=Basis.UNKNOWN)

"""What a stored record says of time and service, as far as it can be read. Pure but for the seal's text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.rules.dating import TRUSTED, Stamp
from collector.rules.evidence import Moment
from wire.errors import WireError
from wire.records import Event, Heartbeat, decode_record
from wire.seals import payload_of

NO_SIGN = ""
START_OUT = "startout"
"""A start that could not serve yet: off until then, and out of service from then on."""

_SOONEST = datetime(2000, 1, 1, tzinfo=UTC)
_FURTHEST = datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST_MS = 10 * 366 * 24 * 3600 * 1000
"""Clocks may say anything; beyond these bounds nothing can be reckoned with, and nobody vouches."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A record with its stamp. `life`: see `collector.rules.serving`; `before`: the moment it had, None for a new one."""

    stamp: Stamp
    kind: str
    life: str
    person: str | None
    method: str | None
    unit: str | None
    before: Moment | None

    @property
    def wall(self) -> bool:
        """Whether its own network time stands, whatever else arrives: nothing on one side of it dates the other."""
        stamp = self.stamp
        vouched = stamp.error_ms is not None and timedelta(milliseconds=stamp.error_ms) <= TRUSTED
        return stamp.source == "ntp" and vouched and stamp.at - TRUSTED <= stamp.received_at


def read_sealed(kind: str, sealed: str | None) -> tuple[str, int | None]:
    """The life that a record shows, and of a clock-learnt event how far the clock had been off, in milliseconds."""
    if kind == "check-in":
        return "alive", None
    if sealed is None or kind not in (Heartbeat.KIND, Event.KIND):
        return NO_SIGN, None
    try:
        body = decode_record(payload_of(sealed)).body
    except WireError:  # it was verified and readable when it came; a later contract may be stricter
        return NO_SIGN, None
    if isinstance(body, Heartbeat):
        return _heartbeat(body), None
    return _event(body) if isinstance(body, Event) else (NO_SIGN, None)


def _heartbeat(body: Heartbeat) -> str:
    if body.cause == "start":
        return "start" if body.in_service else START_OUT
    return "alive" if body.in_service else "out"


def _event(body: Event) -> tuple[str, int | None]:
    if body.event == "clock-learnt":
        offset = body.detail.get("offset_ms")
        usable = isinstance(offset, int) and not isinstance(offset, bool) and abs(offset) < 20 * _LONGEST_MS
        return NO_SIGN, offset if usable and isinstance(offset, int) else None
    return {"out-of-service": "out", "in-service": "back"}.get(body.event, NO_SIGN), None


def stamp_of(row: Any, learnt_ms: int | None) -> Stamp:
    """The stamp of a row of `records`, with times that can be reckoned with."""
    at = min(max(row.at, _SOONEST), _FURTHEST)
    believable = at == row.at and row.clock_error_ms is not None and row.clock_error_ms <= _LONGEST_MS
    stamp = Stamp(
        kiosk=row.kiosk,
        chain=row.chain,
        seq=row.seq,
        at=at,
        source=row.clock_source,
        error_ms=row.clock_error_ms if believable else None,
        boot=row.boot,
        monotonic_ns=row.monotonic_ns,
        received_at=row.received_at,
        learnt_ms=learnt_ms,
    )
    return stamp if at == row.at else replace(stamp, learnt_ms=None)

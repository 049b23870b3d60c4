"""When a kiosk served and up to when it is complete, kept beside its records and renewed where these change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from collector.judging.marks import Mark, Whose, dates_near, local_date, touch
from collector.judging.signs import NO_SIGN, START_OUT
from collector.rules.dating import complete_until
from collector.rules.evidence import Basis, Moment, Outage
from collector.rules.serving import Life, Pulse, outages_of
from collector.store.records import Chain
from collector.store.results import KioskMark, KioskOutage, RecordMoment
from wire.records import Heartbeat

HEARTBEATS = 24
"""So many of the last heartbeats say up to when a chain is complete: a day of them, so that one wild clock hides nothing."""

CLEAN = (Life.START.value, Life.ALIVE.value, Life.BACK.value)
"""After one of these the kiosk serves: what was before does not matter to what follows."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Between which moments a kiosk's signs of life changed; both None: nowhere, but it may be complete further."""

    first: datetime | None
    last: datetime | None


def renew(connection: Connection, changes: Mapping[str, Changed]) -> None:
    """Bring marks and outages of these kiosks to what their dated records say, and touch the days that this changes."""
    for kiosk in sorted(changes):
        _renew_mark(connection, kiosk)
        span = changes[kiosk]
        if span.first is not None and span.last is not None:
            _renew_outages(connection, kiosk, span.first, span.last)


def _renew_mark(connection: Connection, kiosk: str) -> None:
    now = _complete(connection, kiosk)
    before = connection.execute(select(KioskMark.complete_until).where(KioskMark.kiosk == kiosk)).one_or_none()
    if before is not None and before[0] == now:
        return
    connection.execute(delete(KioskMark).where(KioskMark.kiosk == kiosk))
    connection.execute(insert(KioskMark).values(kiosk=kiosk, complete_until=now))
    was = before[0] if before else None
    if was is not None and (now is None or now < was):
        touch(connection, [Mark(Whose.KIOSK, kiosk, local_date(now) if now else date.min, date.max)])
    elif now is not None:
        touch(connection, [Mark(Whose.WAITING, kiosk, date.min, date.max)])


def _complete(connection: Connection, kiosk: str) -> datetime | None:
    columns = (Chain.chain, Chain.upto, Chain.seen, Chain.previous, Chain.previous_upto)
    chains = [ChainReach(*row) for row in connection.execute(select(*columns).where(Chain.kiosk == kiosk))]
    return kiosk_complete(chains, {each.chain: _chain_complete(connection, kiosk, each) for each in chains})


@dataclass(frozen=True, slots=True)
class ChainReach:
    """A chain as the table `chains` has it."""

    chain: str
    upto: int
    seen: int
    previous: str | None
    previous_upto: int | None


def kiosk_complete(chains: Iterable[ChainReach], complete: Mapping[str, datetime | None]) -> datetime | None:
    """Up to when a kiosk is complete over its chains; `complete`: of each chain by its own heartbeats.

    A chain that misses something holds the kiosk back; one without heartbeats is as far as the one before it.
    """
    known = {each.chain: each for each in chains}
    told = {each.previous: each.previous_upto or 0 for each in known.values() if each.previous}
    held = [each for each in known.values() if each.upto < max(each.seen, told.get(each.chain, 0))]
    if held:
        marks = [_reaches(each.chain, known, complete) for each in held]
        return min((mark for mark in marks if mark is not None), default=None) if None not in marks else None
    marks = [_reaches(chain, known, complete) for chain in known]
    return max((mark for mark in marks if mark is not None), default=None)


def _reaches(chain: str, known: Mapping[str, ChainReach], complete: Mapping[str, datetime | None]) -> datetime | None:
    passed: set[str] = set()
    at: str | None = chain
    while at is not None and at in known and at not in passed:
        if complete.get(at) is not None:
            return complete[at]
        passed.add(at)
        at = known[at].previous
    return None


def _chain_complete(connection: Connection, kiosk: str, chain: ChainReach) -> datetime | None:
    row = RecordMoment
    query = (
        select(row.at, row.earliest, row.latest, row.basis, row.received_at)
        .where(row.kiosk == kiosk, row.chain == chain.chain, row.seq <= chain.upto, row.kind == Heartbeat.KIND)
        .order_by(row.seq.desc())
        .limit(HEARTBEATS)
    )
    return complete_until(
        (Moment(at=at, earliest=earliest, latest=latest, basis=Basis(basis)), received)
        for at, earliest, latest, basis, received in connection.execute(query)
    )


def _renew_outages(connection: Connection, kiosk: str, first: datetime, last: datetime) -> None:
    """Outages between the last sure sign of service before a change and the first one after it are derived again."""
    row = RecordMoment
    signs = select(row.at).where(
        row.kiosk == kiosk, row.life.in_((*CLEAN, START_OUT)), row.basis != Basis.UNKNOWN.value
    )
    clean = signs.where(row.life != START_OUT)
    since = connection.scalar(clean.where(row.at < first).order_by(row.at.desc()).limit(1))
    until = connection.scalar(clean.where(row.at > last).order_by(row.at).limit(1))
    found = outages_of(_pulses(connection, kiosk, since, until))
    table = KioskOutage
    here = [table.kiosk == kiosk]
    here += [table.since >= since] if since is not None else []
    here += [table.since < until] if until is not None else []
    before = {(one, other) for one, other in connection.execute(select(table.since, table.until).where(*here))}
    now = {(each.since, each.until) for each in found if each.until is None or each.until > each.since}
    if now == before:
        return
    connection.execute(delete(table).where(*here))
    if now:
        rows = [{"kiosk": kiosk, "since": one, "until": other} for one, other in sorted(now, key=lambda span: span[0])]
        connection.execute(insert(table), rows)
    touch(connection, (_mark(kiosk, span) for span in now ^ before))


def _pulses(connection: Connection, kiosk: str, since: datetime | None, until: datetime | None) -> Iterable[Pulse]:
    row = RecordMoment
    query = select(row.at, row.life).where(row.kiosk == kiosk, row.life != NO_SIGN, row.basis != Basis.UNKNOWN.value)
    query = query.where(row.at >= since) if since is not None else query
    query = query.where(row.at <= until) if until is not None else query
    for at, life in connection.execute(query):
        yield Pulse(kiosk=kiosk, at=at, life=Life.START if life == START_OUT else Life(life))
        if life == START_OUT:
            yield Pulse(kiosk=kiosk, at=at + Moment.RESOLUTION, life=Life.OUT)


def _mark(kiosk: str, span: tuple[datetime, datetime | None]) -> Mark:
    since, until = span
    first, last = dates_near(since, until or since + timedelta(days=1))
    return Mark(Whose.KIOSK, kiosk, first, last if until else date.max)


def stored_outages(connection: Connection, kiosks: Iterable[str], since: datetime, until: datetime) -> list[Outage]:
    """The outages of these kiosks that meet a time, each once."""
    table = KioskOutage
    query = select(table.kiosk, table.since, table.until).where(
        table.kiosk.in_(sorted(kiosks)), table.since < until, (table.until.is_(None)) | (table.until > since)
    )
    return [Outage(kiosk=kiosk, since=one, until=other) for kiosk, one, other in connection.execute(query)]

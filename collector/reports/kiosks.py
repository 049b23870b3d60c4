"""How the kiosks are, in facts and in one word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, and_, func, select, union_all
from sqlalchemy.orm import Session

from collector.reports.day import Day
from collector.reports.presence import Query, chain_columns
from collector.reports.watermarks import BEHIND, ChainMark, Gap, is_behind, tail_gaps, watermark
from collector.store.fleet import KioskAlarm
from collector.store.people import Kiosk, PublishedRoster, Unit
from collector.store.records import Chain, Incident, KioskStatus, SetAside, StoredRecord

MOST_GAPS = 500
"""Gaps of one kiosk that are listed, the oldest first."""

FRESH = timedelta(days=7)
"""An incident marks its kiosk for so long; it stays in the list for ever."""


class State(StrEnum):
    """A kiosk in one word, the worst first."""

    INCIDENT = "incident"  # records contradict each other: a human must look
    OUT_OF_SERVICE = "out-of-service"
    NEVER = "never"  # registered, not one word yet
    SILENT = "silent"  # missed, as its alarm says
    QUIET = "quiet"  # no contact for longer than a heartbeat, and not missed: closed now, or it lives by sticks
    OFFLINE = "offline"  # the broker said goodbye for it; it records on
    BEHIND = "behind"  # speaks, but records are missing or late
    GOOD = "good"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Health:
    """A kiosk's last word about itself. Temperature in °C, disk in MiB; the rest as in `wire.messages.Status`."""

    received_at: datetime
    online: bool
    version: str
    state: str
    backlog: int
    roster_version: int
    temperature_c: float | None
    disk_free_mib: int | None
    throttled: tuple[str, ...] = ()
    last_frame_at: datetime | None = None
    certificate_until: datetime | None = None
    board: str | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class LastRecord:
    """The newest record of a kiosk's newest chain, and how it knew the time."""

    at: datetime
    received_at: datetime
    clock_source: str
    clock_error_ms: int | None


@dataclass(frozen=True, slots=True)
class KioskFacts:
    """All that the centre knows about a kiosk. `roster_version`: the manifest the centre last published to it."""

    id: str
    unit: str
    unit_name: str
    scope: str
    retired_at: datetime | None
    roster_version: int | None
    health: Health | None
    chains: tuple[ChainMark, ...]
    last: LastRecord | None
    gaps: tuple[Gap, ...]
    incidents: int
    last_incident: datetime | None
    set_aside: int

    @property
    def complete_at(self) -> datetime | None:
        """Complete up to then."""
        return watermark(self.chains)

    @property
    def last_contact(self) -> datetime | None:
        """When anything of this kiosk last arrived."""
        moments = [one.received_at for one in (self.health, self.last) if one is not None]
        return max(moments, default=None)

    @property
    def heard_at(self) -> datetime | None:
        """When it spoke itself; None while the broker says that it lost it, which is news of the kiosk but not from it."""
        return None if self.health is not None and not self.health.online else self.last_contact

    def state(self, day: Day, now: datetime, *, missed: bool) -> State:
        """The kiosk in one word; `day` is the local day of `now`. `missed`: its alarm of silence is open: whether people come
        now, or a stick, is judged there, once for row and sum."""
        contact, health = self.last_contact, self.health
        checks = (
            (self.retired_at is not None, State.RETIRED),
            (self.last_incident is not None and now - self.last_incident < FRESH, State.INCIDENT),
            (contact is None, State.NEVER),
            (missed, State.SILENT),
            (contact is not None and now - contact > BEHIND, State.QUIET),
            (health is not None and not health.online, State.OFFLINE),
            (health is not None and health.state == "out-of-service", State.OUT_OF_SERVICE),
            (bool(self.gaps) or is_behind(self.complete_at, day, now), State.BEHIND),
        )
        return next((state for true, state in checks if true), State.GOOD)


def count_kiosks(session: Session, units: Iterable[str] | None = None, alarm: str = "") -> int:
    """All registered kiosks at these units (None: at all), only those with this alarm when one is named."""
    return int(session.scalars(_with(alarm, _at(units, select(func.count()).select_from(Kiosk)))).one())


def kiosks(
    session: Session, limit: int, offset: int = 0, units: Iterable[str] | None = None, alarm: str = ""
) -> list[KioskFacts]:
    """Kiosks at these units (None: all) by unit and name, those in service first, those with an alarm before the others; only
    those with one kind of alarm when it is named. Five queries, however many there are."""
    return _facts(session, _with(alarm, _at(units, _kiosks())).limit(limit).offset(offset))


def kiosk(session: Session, name: str) -> KioskFacts | None:
    """One kiosk, or None. Five queries."""
    return next(iter(_facts(session, _kiosks().where(Kiosk.id == name))), None)


def set_aside_reasons(session: Session, name: str) -> list[tuple[str, int, datetime]]:
    """Why messages of a kiosk were set aside: reason, different messages, last time."""
    last = func.max(SetAside.last_at)
    query = select(SetAside.reason, func.count(), last).where(SetAside.kiosk == name).group_by(SetAside.reason)
    return [(reason, count, at) for reason, count, at in session.execute(query.order_by(last.desc()))]


def incidents(session: Session, name: str, limit: int = 50) -> list[Incident]:
    """The newest incidents of a kiosk."""
    query = select(Incident).where(Incident.kiosk == name).order_by(Incident.at.desc(), Incident.id.desc())
    return list(session.scalars(query.limit(limit)))


def _at(units: Iterable[str] | None, query: Query) -> Query:
    return query if units is None else query.where(Kiosk.unit.in_(sorted(units)))


def _with(alarm: str, query: Query) -> Query:
    open_ = select(KioskAlarm.kiosk).where(KioskAlarm.until.is_(None), KioskAlarm.kind == alarm)
    return query.where(Kiosk.id.in_(open_)) if alarm else query


def _kiosks() -> Query:
    troubled = select(KioskAlarm.kiosk).where(KioskAlarm.until.is_(None))
    return (
        select(
            *(Kiosk.id, Kiosk.unit, Unit.name, Kiosk.scope, Kiosk.retired_at, PublishedRoster.version, KioskStatus),
        )
        .join(Unit, Unit.code == Kiosk.unit)
        .outerjoin(PublishedRoster, PublishedRoster.kiosk == Kiosk.id)
        .outerjoin(KioskStatus, KioskStatus.kiosk == Kiosk.id)
        .order_by(Kiosk.retired_at.is_not(None), Kiosk.id.not_in(troubled), Unit.name, Kiosk.id)
    )


def _facts(session: Session, query: Query) -> list[KioskFacts]:
    rows = session.execute(query).all()
    names = [row[0] for row in rows]
    chains, lasts = _chains(session, names)
    gaps = _gaps(session, names)
    found, aside = _incidents(session, names), _set_aside(session, names)
    facts: list[tuple[Any, ...]] = [
        (
            *(*row[:6], _health(row[6]), tuple(chains.get(row[0], ())), lasts.get(row[0])),
            (*gaps.get(row[0], ()), *tail_gaps(chains.get(row[0], ()))),
            *found.get(row[0], (0, None)),
            aside.get(row[0], 0),
        )
        for row in rows
    ]
    return [KioskFacts(*fact) for fact in facts]


def _health(status: KioskStatus | None) -> Health | None:
    if status is None:
        return None
    return Health(
        *(status.received_at, status.online, status.version, status.state, status.backlog, status.roster_version),
        temperature_c=status.temperature_c,
        disk_free_mib=status.disk_free_mib,
        throttled=tuple((status.throttled or "").split()),
        last_frame_at=status.last_frame_at,
        certificate_until=status.certificate_until,
        board=status.board,
        system=status.system,
    )


def _chains(session: Session, names: Sequence[str]) -> tuple[dict[str, list[ChainMark]], dict[str, LastRecord]]:
    """Chains by kiosk, oldest first, and the last record of the newest one."""
    record = StoredRecord
    newest = and_(record.kiosk == Chain.kiosk, record.chain == Chain.chain, record.seq == Chain.seen)
    query = (
        select(
            *(Chain.kiosk, record.at, record.received_at, record.clock_source, record.clock_error_ms),
            *chain_columns(),
        )
        .outerjoin(record, newest)
        .where(Chain.kiosk.in_(names))
        .order_by(Chain.first_at)
    )
    chains: dict[str, list[ChainMark]] = {}
    lasts: dict[str, LastRecord] = {}
    for name, at, received_at, source, error_ms, *mark in session.execute(query):
        chains.setdefault(name, []).append(ChainMark(*mark))
        if at is not None:
            lasts[name] = LastRecord(at, received_at, source, error_ms)
    return chains, lasts


def _gaps(session: Session, names: Sequence[str]) -> dict[str, list[Gap]]:
    """Numbers missing below one that arrived; one that was set aside did arrive."""
    arrived = union_all(*(_beyond(table, names) for table in (StoredRecord, SetAside))).subquery()
    before = func.lag(arrived.c.seq, 1, arrived.c.upto, type_=BigInteger).over(
        partition_by=(arrived.c.kiosk, arrived.c.chain), order_by=arrived.c.seq
    )
    steps = select(arrived.c.kiosk, arrived.c.chain, before.label("before"), arrived.c.seq).subquery()
    place = func.row_number().over(partition_by=steps.c.kiosk, order_by=(steps.c.chain, steps.c.seq)).label("place")
    gaps = select(steps, place).where(steps.c.seq > steps.c.before + 1).subquery()
    query = select(*(gaps.c[name] for name in ("kiosk", "chain", "before", "seq"))).where(gaps.c.place <= MOST_GAPS)
    found: dict[str, list[Gap]] = {}
    for name, chain, last_before, seq in session.execute(query.order_by(*gaps.c)):
        found.setdefault(name, []).append(Gap(chain, last_before + 1, seq - 1))
    return found


def _beyond(table: type[StoredRecord | SetAside], names: Sequence[str]) -> Query:
    on = and_(table.kiosk == Chain.kiosk, table.chain == Chain.chain, table.seq > Chain.upto)
    columns = (Chain.kiosk, Chain.chain, Chain.upto, table.seq)
    return select(*columns).join(table, on).where(Chain.kiosk.in_(names), Chain.upto < Chain.seen)


def _incidents(session: Session, names: Sequence[str]) -> dict[str, tuple[int, datetime]]:
    query = select(Incident.kiosk, func.count(), func.max(Incident.at)).where(Incident.kiosk.in_(names))
    return {name: (count, last) for name, count, last in session.execute(query.group_by(Incident.kiosk))}


def _set_aside(session: Session, names: Sequence[str]) -> dict[str | None, int]:
    query = select(SetAside.kiosk, func.count()).where(SetAside.kiosk.in_(names)).group_by(SetAside.kiosk)
    return {name: count for name, count in session.execute(query)}  # noqa: C416 - dict() loses the row's types

"""Appeals as lists and one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from collector.appealing.book import number, standing_of
from collector.appealing.known import KNOWN, Known, intact
from collector.judging.marks import ONE_DAY, local_midnight
from collector.reports.presence import Query
from collector.rules.appeals.case import Appeal, Deadlines, Stage, lapsed
from collector.rules.hours import WIB
from collector.store.accounts import StoredAccount
from collector.store.appeals import AppealStep, StoredAppeal
from collector.store.people import Person, Unit
from collector.store.results import RecordMoment

a = StoredAppeal
MORNING = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which appeals: at these stages (empty: any), of these units (None: all), of one person (empty: all)."""

    stages: tuple[Stage, ...] = ()
    units: Collection[str] | None = None
    person: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One appeal in a list. `stage`: by the clock; `due`: until when the next word is asked for, None when closed."""

    id: int
    person: str
    name: str
    unit: str
    unit_name: str
    day: date
    ground: str
    stage: Stage
    since: datetime
    due: datetime | None

    @property
    def number(self) -> str:
        """As people name it."""
        return number(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One step, with the entries that it made."""

    act: str
    by: str
    part: str
    at: datetime
    why: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """All about one appeal. `known`: what was attached at filing; `intact`: its digest still fits."""

    row: Listed
    case: Appeal
    steps: tuple[Told, ...]
    known: Known
    digest: str
    intact: bool
    record: str
    violation: str
    around: datetime | None


def listed(  # noqa: PLR0913, PLR0917 - which, by which clock, how many
    session: Session, which: Which, now: datetime, limits: Deadlines, limit: int = 1000, offset: int = 0
) -> list[Listed]:
    """The one that has waited longest first; closed ones the newest first. One query."""
    closed = not set(which.stages) & {Stage.SUPERIOR, Stage.BKD}
    query = _query().where(*_chosen(which, now, limits)).order_by(a.since.desc() if closed else a.since, a.id)
    return [_listed(row, now, limits) for row in session.execute(query.limit(limit).offset(offset))]


def count(session: Session, which: Which, now: datetime, limits: Deadlines) -> int:
    """How many `listed` would give without a limit. One query."""
    return session.scalars(select(func.count()).select_from(a).where(*_chosen(which, now, limits))).one()


def detail(session: Session, appeal: int, now: datetime, limits: Deadlines) -> Detail | None:
    """One appeal as it stands by the clock, or None. Four queries."""
    row = session.execute(_query().where(a.id == appeal)).one_or_none()
    stored = session.get(StoredAppeal, appeal)
    if row is None or stored is None:
        return None
    steps = session.scalars(select(AppealStep).where(AppealStep.appeal == appeal).order_by(AppealStep.id)).all()
    current = lapsed(standing_of(session, stored), now, limits)
    return Detail(
        row=_listed(row, now, limits),
        case=current,
        steps=(*map(_told, steps), *_unwritten(current, len(steps))),
        known=KNOWN.decode(stored.snapshot),
        digest=stored.digest,
        intact=intact(stored.snapshot, stored.digest),
        record=stored.record,
        violation=stored.violation,
        around=stored.around,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLook:
    """A look of a person's own day."""

    record: str
    at: datetime
    kiosk: str

    @property
    def words(self) -> str:
        """As a choice."""
        return f"{self.at.astimezone(WIB):%H:%M:%S} · {self.kiosk}"


def looks_of(session: Session, person: str, day: date) -> list[OwnLook]:
    """The looks of a person on a local date and the morning after, where a night shift ends. One query."""
    start = local_midnight(day)
    m = RecordMoment
    query = select(m.kiosk, m.chain, m.seq, m.at).where(
        m.person == person, m.at >= start, m.at < start + ONE_DAY + MORNING, m.kind == "check-in"
    )
    return [
        OwnLook(record=f"{kiosk}/{chain}/{seq}", at=at, kiosk=kiosk)
        for kiosk, chain, seq, at in session.execute(query.order_by(m.at))
    ]


def names(session: Session, accounts: Iterable[str]) -> dict[str, str]:
    """Names of accounts by id. One query."""
    rows = session.execute(select(StoredAccount.id, StoredAccount.name).where(StoredAccount.id.in_(set(accounts))))
    return {account: name for account, name in rows}  # noqa: C416 - dict() loses the row's types


def _told(step: AppealStep) -> Told:
    made = tuple(step.entries.split())
    return Told(act=step.act, by=step.by, part=step.part, at=step.at, why=step.why, entries=made)


def _unwritten(current: Appeal, written: int) -> Sequence[Told]:
    """The superior's silence is shown from the moment on, and written with the next step."""
    return [
        Told(act=each.act.value, by=each.by.account, part=each.part.value, at=each.at, why=each.why, entries=())
        for each in current.steps[written:]
    ]


def _query() -> Query:
    return (
        select(
            *(a.id, a.person, func.coalesce(Person.name, a.person), a.unit, func.coalesce(Unit.name, a.unit)),
            *(a.day, a.ground, a.stage, a.since, a.known_at),
        )
        .outerjoin(Person, Person.id == a.person)
        .outerjoin(Unit, Unit.code == a.unit)
    )


def _listed(row: Any, now: datetime, limits: Deadlines) -> Listed:
    appeal, person, name, unit, unit_name, day, ground, stage, since, _ = row
    waits, moved = Stage(stage), since
    if waits is Stage.SUPERIOR and now >= since + limits.superior:
        waits, moved = Stage.BKD, since + limits.superior
    spans = {Stage.SUPERIOR: limits.superior, Stage.BKD: limits.bkd}
    return Listed(
        id=appeal,
        person=person,
        name=name,
        unit=unit,
        unit_name=unit_name,
        day=day,
        ground=ground,
        stage=waits,
        since=moved,
        due=moved + spans[waits] if waits in spans else None,
    )


def _chosen(which: Which, now: datetime, limits: Deadlines) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if which.stages:
        chosen.append(or_(*(_at(stage, now, limits) for stage in which.stages)))
    if which.units is not None:
        chosen.append(a.unit.in_(sorted(which.units)))
    if which.person:
        chosen.append(a.person == which.person)
    return chosen


def _at(stage: Stage, now: datetime, limits: Deadlines) -> ColumnElement[bool]:
    """At that stage by the clock: a superior who was silent past the deadline is waited for no more."""
    silent = now - limits.superior
    if stage is Stage.SUPERIOR:
        return and_(a.stage == stage.value, a.since > silent)
    if stage is Stage.BKD:
        return or_(a.stage == stage.value, and_(a.stage == Stage.SUPERIOR.value, a.since <= silent))
    return a.stage == stage.value

"""What a person can contest, and what the agency can choose from when it decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from collector.appealing.contest import concerns
from collector.judging.evidence import load
from collector.judging.organisation import read_organisation
from collector.rules.appeals.case import Ground, Stage
from collector.rules.appeals.effects import grounds
from collector.rules.day import DayResult
from collector.rules.document import DAY_RESULT
from collector.rules.violations.case import Status
from collector.store.appeals import StoredAppeal
from collector.store.people import Assignment, Person
from collector.store.results import DayRow, RecordMoment
from collector.store.violations import StoredViolation
from collector.violating.dates import begins

NEAR = timedelta(minutes=15)
MOST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """An appeal of that day, in short."""

    id: int
    ground: str
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Accused:
    """A violation of that day."""

    key: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestable:
    """A date of a person: its result, what can be contested of it, the violations of it, and the appeals there are."""

    day: date
    result: DayResult | None
    grounds: tuple[Ground, ...]
    violations: tuple[Accused, ...]
    filed: tuple[Filed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A look that may be the one in question."""

    record: str
    at: datetime
    kiosk: str
    person: str
    name: str


def days(session: Session, person: str, since: date, until: date) -> list[Contestable]:
    """The person's judged days between two dates, both included, the newest first. Three queries."""
    rows = session.execute(
        select(DayRow.day, DayRow.document).where(DayRow.person == person, DayRow.day.between(since, until))
    )
    results = {day: DAY_RESULT.decode(document) for day, document in rows}
    filed: dict[date, list[Filed]] = {}
    a = StoredAppeal
    for number, day, ground, stage in session.execute(
        select(a.id, a.day, a.ground, a.stage).where(a.person == person, a.day.between(since, until)).order_by(a.id)
    ):
        filed.setdefault(day, []).append(Filed(id=number, ground=ground, stage=Stage(stage)))
    accused: dict[date, list[Accused]] = {}
    for day, one in _violations(session, person, since, until):
        accused.setdefault(day, []).append(one)
    return [
        Contestable(
            day=day,
            result=results.get(day),
            grounds=grounds(results.get(day)),
            violations=tuple(accused.get(day, ())),
            filed=tuple(filed.get(day, ())),
        )
        for day in sorted(results.keys() | filed.keys() | accused.keys(), reverse=True)
    ]


def _violations(session: Session, person: str, since: date, until: date) -> list[tuple[date, Accused]]:
    """Those against the person; of a single date also those against a phone that the person used."""
    v = StoredViolation
    mine = and_(v.against == "person", v.subject == person)
    whose = or_(mine, v.against == "device") if since == until else mine
    query = select(v).where(v.day.between(since, until), v.stands, v.status != Status.DISMISSED.value, whose)
    return [
        (row.day, Accused(key=row.key, kind=row.kind, at=row.at))
        for row in session.scalars(query.order_by(v.at).limit(MOST))
        if concerns(session, row, person)
    ]


def looks_near(session: Session, person: str, day: date, around: datetime) -> list[Seen]:
    """Looks at the person's own places about that time, by whomever: one of them may have been this person."""
    connection = session.connection()
    facts = load(connection, read_organisation(connection), [person], day, day)
    kiosks = sorted(state.kiosk for state in facts.evidence(person, day).kiosks if state.at_place)
    m = RecordMoment
    query = (
        select(m.kiosk, m.chain, m.seq, m.at, m.person, func.coalesce(Person.name, m.person))
        .outerjoin(Person, Person.id == m.person)
        .where(m.kiosk.in_(kiosks), m.at >= around - NEAR, m.at <= around + NEAR, m.person.is_not(None))
        .where(m.person != person)
        .order_by(m.at)
        .limit(MOST)
    )
    return [
        Seen(record=f"{kiosk}/{chain}/{seq}", at=at, kiosk=kiosk, person=other or "", name=name)
        for kiosk, chain, seq, at, other, name in session.execute(query)
    ]


def colleagues(session: Session, unit: str, day: date, but: str) -> list[tuple[str, str]]:
    """Ids and names of who else served at that unit on that date."""
    a = Assignment
    query = (
        select(Person.id, Person.name)
        .join(a, a.person == Person.id)
        .where(a.unit == unit, a.from_day <= day, or_(a.until_day.is_(None), a.until_day >= day), Person.id != but)
        .order_by(Person.name, Person.id)
        .distinct()
    )
    return [(person, name) for person, name in session.execute(query.limit(2000))]


def month(day: date) -> tuple[date, date]:
    """The first and last date of the month of a date."""
    first = day.replace(day=1)
    return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def moment_of(day: date, minutes: int) -> datetime:
    """So many minutes after the local midnight that begins a date, UTC."""
    return begins(day) + timedelta(minutes=minutes)

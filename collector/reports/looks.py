"""A person's records, day by day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from collector.reports.day import Day
from collector.reports.presence import CHECK_IN, Query
from collector.store.people import Assignment, Person, Template, Unit
from collector.store.records import StoredRecord

REPEAT = timedelta(minutes=5)
"""Another look at the same kiosk within this time of the first is shown as its repeat: it means nothing new."""

MOST = 5000
"""Records of one answer; a person looks a few times a day."""


@dataclass(frozen=True, slots=True)
class Look:
    """One check-in record. `score`: cosine; `clock_error_ms` None when nobody vouches for the time."""

    kiosk: str
    chain: str
    seq: int
    at: datetime
    person: str | None
    name: str | None
    unit: str | None
    unit_name: str | None
    method: str | None
    score: float | None
    clock_source: str
    clock_error_ms: int | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """A look and its harmless repeats, in order of time."""

    look: Look
    repeats: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """Who a person is. `units`: codes and names of the assignments that hold on the day asked for, main one first."""

    id: str
    name: str
    number: str | None
    status: str
    enrolled: bool
    units: tuple[tuple[str, str], ...]


def profile(session: Session, person: str, on: date) -> Profile | None:
    """The person, or None when there is none of that id. Two queries."""
    enrolled = select(Template.person).where(Template.person == Person.id).exists()
    query: Query = select(Person.id, Person.name, Person.number, Person.status, enrolled).where(Person.id == person)
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    units = (
        select(Unit.code, Unit.name)
        .join(Assignment, Assignment.unit == Unit.code)
        .where(Assignment.person == person, Assignment.from_day <= on)
        .where((Assignment.until_day.is_(None)) | (Assignment.until_day >= on))
        .order_by(Assignment.kind, Assignment.id)
    )
    facts: tuple[Any, ...] = (*row, tuple((code, name) for code, name in session.execute(units)))
    return Profile(*facts)


def looks_of_person(session: Session, person: str, start: datetime, end: datetime) -> list[Look]:
    """Check-ins of a person from `start` to before `end`, newest first, at most 5,000. One query."""
    return _looks(session, _within(start, end).where(StoredRecord.person == person).limit(MOST))


def looks_at_kiosk(session: Session, kiosk: str, day: Day, limit: int, offset: int = 0) -> list[Look]:
    """Check-ins at a kiosk on a day, newest first. One query."""
    query = _within(day.start, day.end).where(StoredRecord.kiosk == kiosk)
    return _looks(session, query.limit(limit).offset(offset))


def count_at_kiosk(session: Session, kiosk: str, day: Day) -> int:
    """How many check-ins `looks_at_kiosk` would list without a limit. One query."""
    query = _within(day.start, day.end).where(StoredRecord.kiosk == kiosk).order_by(None)
    return session.scalars(query.with_only_columns(func.count())).one()


def by_day(looks: Iterable[Look], zone: ZoneInfo) -> list[tuple[date, list[Group]]]:
    """Looks as groups under their local date, newest day first, within a day in order of time."""
    days: dict[date, list[Look]] = {}
    for look in sorted(looks, key=lambda one: (one.at, one.kiosk, one.chain, one.seq)):
        days.setdefault(look.at.astimezone(zone).date(), []).append(look)
    return [(day, grouped(days[day])) for day in sorted(days, reverse=True)]


def grouped(looks: Sequence[Look]) -> list[Group]:
    """Looks in order of time, those that only repeat an earlier one at the same kiosk folded into it."""
    groups: list[list[Look]] = []
    open_groups: dict[str, list[Look]] = {}
    for look in looks:
        group = open_groups.get(look.kiosk)
        if group is not None and look.at - group[0].at <= REPEAT:
            group.append(look)
            continue
        open_groups[look.kiosk] = group = [look]
        groups.append(group)
    return [Group(group[0], tuple(group[1:])) for group in groups]


def _within(start: datetime, end: datetime) -> Query:
    record = StoredRecord
    return (
        select(record.seq)
        .where(record.kind == CHECK_IN, record.at >= start, record.at < end)
        .order_by(record.at.desc(), record.kiosk, record.chain, record.seq.desc())
    )


def _looks(session: Session, query: Query) -> list[Look]:
    record = StoredRecord
    columns = (
        *(record.kiosk, record.chain, record.seq, record.at, record.person, Person.name, record.unit, Unit.name),
        *(record.method, record.score, record.clock_source, record.clock_error_ms, record.received_at),
    )
    query = (
        query.with_only_columns(*columns)
        .outerjoin(Person, Person.id == record.person)
        .outerjoin(Unit, Unit.code == record.unit)
    )
    return [Look(*row) for row in session.execute(query)]

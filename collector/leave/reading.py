"""Leave as pages list it: by unit and state, one in full, half a year as a calendar. Read-only; queries do not grow with people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, or_, select
from sqlalchemy.orm import Session

from collector.leave.requests import APPROVED, FILED, Filed
from collector.store.leave import LeaveRequest, Letter
from collector.store.people import Assignment, Person, Unit
from collector.store.results import DayRow

MOST_SHOWN = 400
"""People of one choice or calendar at most: a larger unit is looked at by those below it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A request with the names a list shows."""

    row: Filed
    name: str
    unit_name: str

    @property
    def days(self) -> int:
        """Calendar days, both ends included."""
        return int((self.row.until - self.row.since).days) + 1


@dataclass(frozen=True, slots=True)
class Choice:
    """Which requests: of these units (None: all), in this state (empty: all), of this person (empty: all)."""

    units: Collection[str] | None = None
    state: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person to choose."""

    id: str
    name: str
    unit: str
    unit_name: str


def count(session: Session, choice: Choice) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(LeaveRequest).where(*_where(choice))) or 0


def listed(session: Session, choice: Choice, limit: int, offset: int = 0) -> list[Listed]:
    """Those that wait first, the oldest of them on top; then the newest decided."""
    table = LeaveRequest
    waits = case((table.state == FILED, 0), else_=1)
    order = (waits, case((table.state == FILED, table.filed_at)), table.filed_at.desc(), table.id)
    query = _named().where(*_where(choice)).order_by(*order).limit(limit).offset(offset)
    return [_listed(row) for row in session.execute(query)]


def one(session: Session, number: str) -> Listed | None:
    """One request, or None."""
    row = session.execute(_named().where(LeaveRequest.id == number)).one_or_none()
    return None if row is None else _listed(row)


def name(session: Session, person: str) -> str | None:
    """What a person is called, or None."""
    return session.scalar(select(Person.name).where(Person.id == person))


def companions(session: Session, batch: str) -> int:
    """How many people the same letter was filed for."""
    return session.scalar(select(func.count()).select_from(LeaveRequest).where(LeaveRequest.batch == batch)) or 0


def letter_name(session: Session, number: str | None) -> str:
    """What a letter's file is called; empty for none."""
    return session.scalar(select(Letter.name).where(Letter.id == number)) or "" if number else ""


def days(session: Session, person: str, since: date, until: date) -> list[tuple[date, str, str]]:
    """What judged days became: date, codes, state; in order."""
    query = select(DayRow.day, DayRow.codes, DayRow.state).where(
        DayRow.person == person, DayRow.day >= since, DayRow.day <= until
    )
    return [(day, codes.strip(), state) for day, codes, state in session.execute(query.order_by(DayRow.day).limit(62))]


def within(session: Session, units: Collection[str] | None, since: date, until: date) -> list[Listed]:
    """What is filed or approved between two dates, both included, by person and date."""
    table = LeaveRequest
    query = _named().where(
        *_where(Choice(units)), table.until >= since, table.since <= until, table.state.in_((FILED, APPROVED))
    )
    return [_listed(row) for row in session.execute(query.order_by(Person.name, Person.id, table.since))]


def people(session: Session, units: Collection[str], on: date) -> list[Somebody]:
    """Who serves at these units on a date, by name: about whom something is filed there. One more than MOST_SHOWN at most."""
    query = select(Person.id, Person.name, Unit.code, Unit.name).join(Assignment, Assignment.person == Person.id)
    query = query.join(Unit, Unit.code == Assignment.unit).where(*_serving(units, on))
    query = query.order_by(Person.name, Person.id).limit(MOST_SHOWN + 1)
    return [Somebody(*row) for row in session.execute(query)]


def strangers(
    session: Session | Connection, units: Collection[str] | None, asked: Collection[str], on: date
) -> list[str]:
    """Those of the people asked whom `people` does not name: they do not serve at these units (None: at any)."""
    query = select(Person.id).join(Assignment, Assignment.person == Person.id)
    serving = set(session.scalars(query.where(Person.id.in_(sorted(asked)), *_serving(units, on))))
    return sorted(set(asked) - serving)


def _serving(units: Collection[str] | None, on: date) -> list[ColumnElement[bool]]:
    """A main post at one of these units on a date, of somebody who has not left."""
    a = Assignment
    where = [a.kind == "main", a.from_day <= on, or_(a.until_day.is_(None), a.until_day >= on)]
    where.append(or_(Person.left_on.is_(None), Person.left_on > on))
    return where if units is None else [*where, a.unit.in_(sorted(units))]


def _named() -> Any:
    columns = (*LeaveRequest.__table__.columns, Person.name.label("person_name"), Unit.name.label("unit_name"))
    return (
        select(*columns).join(Person, Person.id == LeaveRequest.person).outerjoin(Unit, Unit.code == LeaveRequest.unit)
    )


def _listed(row: Filed) -> Listed:
    return Listed(row, row.person_name, row.unit_name or row.unit)


def _where(choice: Choice) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if choice.units is not None:
        found.append(LeaveRequest.unit.in_(sorted(choice.units)))
    if choice.state:
        found.append(LeaveRequest.state == choice.state)
    if choice.person:
        found.append(LeaveRequest.person == choice.person)
    return found

"""Manual lists as pages show them: by unit, month and state; one with its people. Read-only; queries do not grow with people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from collector.entered.lists import FILED, Filed
from collector.store.lists import PresenceLine, PresenceList
from collector.store.people import Person, Unit
from collector.store.results import DayRow


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lists: of these units (None: all), in this state (empty: any), of days in a span, both included (None: any)."""

    units: Collection[str] | None = None
    state: str = ""
    span: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A list with what a table shows of it."""

    row: Filed
    unit_name: str
    people: int


@dataclass(frozen=True, slots=True)
class Named:
    """A line with its person's name, and what the judged day became by now (empty: not judged)."""

    person: str
    name: str
    comes: time | None
    goes: time | None
    codes: str
    state: str


def count(session: Session, choice: Choice) -> int:
    """How many there are. One query."""
    return session.scalar(select(func.count()).select_from(PresenceList).where(*_where(choice))) or 0


def listed(session: Session, choice: Choice, limit: int, offset: int = 0) -> list[Listed]:
    """Those that wait first, then the newest days. One query."""
    table = PresenceList
    order = (table.state != FILED, table.day.desc(), table.filed_at.desc(), table.id)
    query = _named().where(*_where(choice)).order_by(*order).limit(limit).offset(offset)
    return [_listed(row) for row in session.execute(query)]


def one(session: Session, number: str) -> Listed | None:
    """One list, or None. One query."""
    row = session.execute(_named().where(PresenceList.id == number)).one_or_none()
    return None if row is None else _listed(row)


def lines(session: Session, number: str, day: date) -> list[Named]:
    """The people of a list by name, with their day. One query."""
    query = (
        select(
            *(Person.id, Person.name, PresenceLine.comes, PresenceLine.goes),
            *(func.coalesce(DayRow.codes, ""), func.coalesce(DayRow.state, "")),
        )
        .join(Person, Person.id == PresenceLine.person)
        .outerjoin(DayRow, (DayRow.person == Person.id) & (DayRow.day == day))
        .where(PresenceLine.list == number)
        .order_by(Person.name, Person.id)
    )
    return [Named(*row) for row in session.execute(query)]


def _named() -> Any:
    many = select(func.count()).where(PresenceLine.list == PresenceList.id).scalar_subquery()
    columns = (*PresenceList.__table__.columns, Unit.name.label("unit_name"), many.label("people"))
    return select(*columns).outerjoin(Unit, Unit.code == PresenceList.unit)


def _listed(row: Filed) -> Listed:
    return Listed(row, row.unit_name or row.unit, row.people)


def _where(choice: Choice) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if choice.units is not None:
        found.append(PresenceList.unit.in_(sorted(choice.units)))
    if choice.state:
        found.append(PresenceList.state == choice.state)
    if choice.span is not None:
        found.append(PresenceList.day.between(*choice.span))
    return found

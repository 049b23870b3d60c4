"""People as lists show them: who works where today, searched and counted in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from collector.store.people import Assignment, Person, Template, Unit

Query: TypeAlias = "Select[*tuple[Any, ...]]"
Show: TypeAlias = Literal["serving", "unenrolled", "second", "left"]
SHOWS: tuple[Show, ...] = ("serving", "unenrolled", "second", "left")


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a list shows. `units`: codes, None for all; `search`: part of a name, or the begin of a number."""

    units: frozenset[str] | None
    show: Show = "serving"
    search: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One person at one post."""

    id: str
    name: str
    status: str
    number: str | None
    internal_number: str | None
    left_on: date | None
    unit: str
    unit_name: str
    enrolled: bool


def people(session: Session, choice: Choice, today: date, limit: int | None = None, offset: int = 0) -> list[Listed]:
    """By unit and name. One query."""
    columns = (
        *(Person.id, Person.name, Person.status, Person.number, Person.internal_number, Person.left_on),
        *(Unit.code, Unit.name, _enrolled()),
    )
    query: Query = _chosen(choice, today).with_only_columns(*columns)
    query = query.order_by(Unit.name, Unit.code, Person.name, Person.id).limit(limit).offset(offset)
    return [Listed(*row) for row in session.execute(query)]


def count(session: Session, choice: Choice, today: date) -> int:
    """How many `people` would list without a limit. One query."""
    return session.scalars(_chosen(choice, today).with_only_columns(func.count())).one()


def _enrolled() -> Any:
    return select(Template.person).where(Template.person == Person.id).exists()


def _chosen(choice: Choice, today: date) -> Query:
    kind = "second" if choice.show == "second" else "main"
    query: Query = (
        select(Person.id)
        .join(Assignment, and_(Assignment.person == Person.id, Assignment.kind == kind))
        .join(Unit, Unit.code == Assignment.unit)
    )
    if choice.show == "left":
        query = query.where(Person.left_on <= today, _last_post())
    else:
        query = query.where(
            Assignment.from_day <= today,
            or_(Assignment.until_day.is_(None), Assignment.until_day >= today),
            or_(Person.left_on.is_(None), Person.left_on > today),
        )
    if choice.show == "unenrolled":
        query = query.where(~_enrolled())
    if choice.units is not None:
        query = query.where(Unit.code.in_(sorted(choice.units)))
    if choice.status:
        query = query.where(Person.status == choice.status)
    return query.where(_searched(choice.search)) if choice.search else query


def _last_post() -> Any:
    """The newest main post of somebody who left: what they left from."""
    later = Assignment.__table__.alias("later")
    return ~(
        select(later.c.id)
        .where(later.c.person == Assignment.person, later.c.kind == "main")
        .where(
            or_(
                later.c.from_day > Assignment.from_day,
                and_(later.c.from_day == Assignment.from_day, later.c.id > Assignment.id),
            )
        )
        .exists()
    )


def _searched(search: str) -> Any:
    escaped = search.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return or_(
        Person.name.ilike(f"%{escaped}%", escape="/"),
        Person.number.like(f"{escaped}%", escape="/"),
        Person.internal_number.ilike(f"{escaped}%", escape="/"),
    )

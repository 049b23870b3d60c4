"""The year's discipline counters by person: their table, and the query that derives them from the judged days.

`counted` says what `collector.rules.discipline.standing` says from all days of a year, without reading them: nine in ten days
are held against nobody, and an index leaves them out.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Integer,
    Select,
    String,
    Table,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import aliased

from collector.rules.codes import Code, State
from collector.store.base import Base
from collector.store.results import HELD, DayRow

COUNTERS = ("absent", "minutes", "longest_row")
"""As in `collector.rules.discipline.Tally`."""

PERSON_YEARS = Table(
    "person_years",
    Base.metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("person", String(64), primary_key=True),
    *(Column(name, Integer, nullable=False) for name in COUNTERS),
)
"""One row a year and person with any day that counts against them; derived from `day_results` in the transaction that changes
these. Final days from 1 January to 31 December; rows of days absent may begin in December before."""

ABSENT = f"% {Code.TK.value} %"
Query: TypeAlias = "Select[*tuple[Any, ...]]"


def first_of(year: int) -> date:
    """The first date that can matter to a year: rows begun in December before are counted whole."""
    return date(year - 1, 12, 1)


def counted(year: int, until: date, people: Collection[str] | None = None) -> Query:
    """Person and counters of a year up to `until`, of these people (None: of everybody) who have any."""
    held = _held(year, until, people)
    longest = _longest(held, date(year, 1, 1))
    here = held.c.day >= date(year, 1, 1)
    absent, minutes = func.sum(case((held.c.absent, 1), else_=0)), func.sum(held.c.minutes)
    sums = select(held.c.person, absent.label("absent"), minutes.label("minutes")).where(here).group_by(held.c.person)
    told = sums.cte("sums")
    row = func.coalesce(longest.c.longest_row, 0).label("longest_row")
    return select(told.c.person, told.c.absent, told.c.minutes, row).outerjoin(
        longest, longest.c.person == told.c.person
    )


def held_final() -> ColumnElement[bool]:
    """Final and held against somebody, in the words of the index."""
    return text(f"state = '{State.FINAL.value}' AND ({HELD})")  # type: ignore[return-value]


def _held(year: int, until: date, people: Collection[str] | None) -> CTE:
    row = DayRow
    query = select(
        row.person,
        row.day,
        row.codes.like(ABSENT).label("absent"),
        (row.minutes_late + row.minutes_early).label("minutes"),
    ).where(held_final(), row.day >= first_of(year), row.day <= until)
    if people is not None:
        query = query.where(row.person.in_(sorted(people)))
    return query.cte("held")


def _longest(held: CTE, first: date) -> CTE:
    """The longest row of days absent that no day worked divides and that touches the year."""
    before = func.lag(held.c.day).over(partition_by=held.c.person, order_by=held.c.day).label("before")
    absent = select(held.c.person, held.c.day, before).where(held.c.absent).cte("absences")
    begins = case((or_(absent.c.before.is_(None), _worked_between(absent)), 1), else_=0)
    marked = select(absent.c.person, absent.c.day, begins.label("begins")).cte("marked")
    number = func.sum(marked.c.begins).over(partition_by=marked.c.person, order_by=marked.c.day).label("number")
    numbered = select(marked.c.person, marked.c.day, number).cte("numbered")
    rows = (
        select(numbered.c.person, func.count().label("length"))
        .group_by(numbered.c.person, numbered.c.number)
        .having(func.max(numbered.c.day) >= first)
        .cte("lengths")
    )
    return select(rows.c.person, func.max(rows.c.length).label("longest_row")).group_by(rows.c.person).cte("longest")


def _worked_between(absent: CTE) -> ColumnElement[bool]:
    """Whether there is a final working day that was not absent since the day absent before."""
    worked = aliased(DayRow)
    mine = and_(worked.person == absent.c.person, worked.day > absent.c.before, worked.day < absent.c.day)
    counts = and_(worked.working, worked.state == State.FINAL.value, ~worked.codes.like(ABSENT))
    return exists().where(mine, counts)

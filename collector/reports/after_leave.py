"""The first working day after joint leave: who was there, who was not, by OPD."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.rules.codes import Code, State
from collector.store.hours import StoredHoliday
from collector.store.people import Person
from collector.store.results import DayRow

ONE_DAY = timedelta(days=1)
SATURDAY = 5
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Return:
    """The end of a joint leave: its name and dates, and the first working day after (five-day week)."""

    name: str
    first: date
    last: date
    day: date


@dataclass(frozen=True, slots=True)
class Missing:
    """Somebody who was not there on that day, or has not been seen yet. `codes`: what the day became so far."""

    person: str
    name: str
    number: str | None
    unit: str
    state: State
    codes: tuple[Code, ...]
    first_in: datetime | None

    @property
    def word(self) -> str:
        """absent, waiting, review, leave, duty or late."""
        if self.state is State.REVIEW:
            return "review"
        if Code.TK in self.codes:
            return "absent"
        if self.state is State.OPEN:
            return "waiting"
        return "late" if Code.H in self.codes else "leave"


def returns(session: Session, year: int) -> list[Return]:
    """Every return of a year, in order; joint leave of New Year's Eve is told in the year of the return. One query."""
    table = StoredHoliday
    query = select(table.day, table.name, table.joint, table.works, table.source).where(
        table.day >= date(year - 1, 12, 15),
        table.day <= date(year, 12, 31),
        table.withdrawn_at.is_(None),
        table.unit == "",
    )
    rows = session.execute(query.order_by(table.source.desc(), table.day)).all()  # published first, a decree overrides
    days = {row.day: row for row in rows}
    for row in rows:
        if row.source == "decree":
            days[row.day] = row
    off = {day for day, row in days.items() if not row.works}
    found: dict[date, Return] = {}
    for day, row in sorted(days.items()):
        if row.joint and not row.works:
            back = _next_working(day, off)
            before = found.get(back)
            found[back] = Return(before.name if before else row.name, before.first if before else day, day, back)
    return [each for back, each in sorted(found.items()) if back.year == year]


def _next_working(day: date, off: Collection[date]) -> date:
    day += ONE_DAY
    while day.weekday() >= SATURDAY or day in off:
        day += ONE_DAY
    return day


def missing(session: Session, day: date, units: Collection[str] | None) -> list[Missing]:
    """Everybody on a working day of theirs who was not there in time, by unit and name. One query."""
    row = DayRow
    query = (
        select(row.person, Person.name, Person.number, row.unit, row.state, row.codes, row.first_in)
        .join(Person, Person.id == row.person)
        .where(row.day == day, row.working, row.codes != f" {Code.H.value} ")
        .order_by(row.unit, Person.name, row.person)
        .limit(MOST)
    )
    if units is not None:
        query = query.where(row.unit.in_(sorted(units)))
    return [
        Missing(person, name, number, unit, State(state), tuple(Code(code) for code in codes.split()), first)
        for person, name, number, unit, state, codes, first in session.execute(query)
    ]

"""Keeps the year's discipline counters beside the days that were judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, extract, func, insert, literal, select

from collector.rules.codes import Code, State
from collector.store.results import DayRow
from collector.store.sums import UNIT_DAYS
from collector.store.years import ABSENT, COUNTERS, PERSON_YEARS, counted, held_final

DECEMBER = 12
PersonDay = tuple[str, date]


@dataclass(frozen=True, slots=True)
class Weight:
    """What a day is to the counters. `minutes`: late and early; `worked`: at work on a working day, which ends a row."""

    absent: bool = False
    minutes: int = 0
    worked: bool = False

    @property
    def held(self) -> bool:
        """Whether it counts against somebody by itself."""
        return self.absent or self.minutes > 0


NOTHING = Weight()
"""Of a day that is not final, or is not there."""


def weight(state: str, codes: str, working: bool, minutes: int) -> Weight:
    """Of a stored day."""
    if state != State.FINAL.value:
        return NOTHING
    absent = f" {Code.TK.value} " in codes
    return Weight(absent, minutes, working and not absent)


def renew_years(connection: Connection, changed: Mapping[PersonDay, tuple[Weight, Weight]]) -> None:
    """Bring the counters to what the days say now. `changed`: what these days weighed, and weigh.

    Three statements at most, and as many in December, however many there are.
    """
    moved = {key for key, (was, now) in changed.items() if was != now}
    held = {key for key in moved if any(each.held for each in changed[key])}
    people: dict[int, set[str]] = defaultdict(set)
    for person, day in held | _within_a_row(connection, moved - held):
        people[day.year].add(person)
        if day.month == DECEMBER:
            people[day.year + 1].add(person)
    for year, those in sorted(people.items()):
        _renew(connection, year, those)


def renew_all(connection: Connection) -> None:
    """Derive the counters of every year and person anew."""
    year = extract("year", UNIT_DAYS.c.day)
    first, last = connection.execute(select(func.min(year), func.max(year))).one()
    connection.execute(delete(PERSON_YEARS))
    for each in range(int(first), int(last) + 1) if first is not None else ():
        _fill(connection, each, None)


def _within_a_row(connection: Connection, worked: set[PersonDay]) -> set[PersonDay]:
    """Of days worked or not, those after which somebody was absent: only these can join a row or divide one."""
    if not worked:
        return set()
    row = DayRow
    query = select(row.person, func.max(row.day)).where(
        held_final(), row.codes.like(ABSENT), row.person.in_(sorted({person for person, _ in worked}))
    )
    since = min(day for _, day in worked)
    last: dict[str, date] = dict(connection.execute(query.where(row.day > since).group_by(row.person)).all())
    return {(person, day) for person, day in worked if day < last.get(person, date.min)}


def _renew(connection: Connection, year: int, people: Iterable[str]) -> None:
    those = sorted(people)
    connection.execute(delete(PERSON_YEARS).where(PERSON_YEARS.c.year == year, PERSON_YEARS.c.person.in_(those)))
    _fill(connection, year, those)


def _fill(connection: Connection, year: int, people: list[str] | None) -> None:
    sums = counted(year, date(year, 12, 31), people)
    query = select(literal(year), *sums.subquery().c)
    connection.execute(insert(PERSON_YEARS).from_select(["year", "person", *COUNTERS], query))

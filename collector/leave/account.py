"""The account of annual leave: what a person may take this year, from the letters here and what BKD stated of the years before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, insert, select

from collector.judging import book as books
from collector.judging.evidence import Facts, load_schedules
from collector.judging.organisation import read_organisation
from collector.leave.errors import LeaveError
from collector.rules.codes import Code
from collector.rules.leave import LONGEST, LeaveYear, annual_leave, leave_days
from collector.rules.rulebook import Rulebook
from collector.store.leave import LeaveOpening
from collector.store.people import Person
from collector.store.results import OpenedDay

BACK = 4
"""Years that are looked back: what was left longer ago carries nothing."""
SETTLED = (1, 10)
"""A year in which days were judged by 10 January is known from the letters here alone."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What BKD states of one year: working days taken before this system, days added for joint leave that was worked."""

    year: int
    taken: int
    added: int
    letter: str


class Accounts:
    """Accounts and working days of some people over some years: a fixed number of queries for all of them."""

    def __init__(self, connection: Connection, people: Sequence[str], since: date, until: date) -> None:
        first = date(since.year - BACK, 1, 1)
        self._book: Rulebook = books.read_book(connection).rules
        self._facts: Facts = load_schedules(
            connection, read_organisation(connection), people, first, date(until.year, 12, 31)
        )
        self._openings = _openings(connection, people)
        self._joined = _joined(connection, self._facts, people)
        self._since = connection.scalar(select(func.min(OpenedDay.day)))

    def days(self, person: str, since: date, until: date) -> list[date]:
        """The working days of a person between two dates, both included: what a leave of those dates costs."""
        known = self._facts.person
        span = (date.fromordinal(day) for day in range(since.toordinal(), until.toordinal() + 1))
        return [day for day in span if leave_days(known(person, day), day, day, self._book)]

    def year(self, person: str, year: int) -> LeaveYear:
        """The account of one year, approved letters counted."""
        permits = self._facts.known[person].permits
        taken = {day for each in permits if each.code is Code.CT for day in self.days(person, each.since, each.until)}
        counted = Counter(day.year for day in taken)
        openings = self._openings.get(person, {})
        known = {back: counted[back] for back in range(year - BACK, year + 1) if self._known(back, year)}
        for back, opening in openings.items():
            known[back] = counted[back] + opening.taken
        long = {each for leave in permits if leave.code is Code.CB for each in (leave.since.year, leave.until.year)}
        added = {back: opening.added for back, opening in openings.items()}
        return annual_leave(year, self._joined[person], known, long_leave=frozenset(long), added=added)

    def _known(self, year: int, asked: int) -> bool:
        begun = self._since is not None and self._since <= date(year, *SETTLED)
        return begun or year == asked


def state_opening(connection: Connection, person: str, opening: Opening, by: str, now: datetime) -> None:
    """State a year's leave beside the letters here; a newer statement takes the older one's place. Raises LeaveError."""
    if not 0 <= opening.taken <= LONGEST or not 0 <= opening.added <= LONGEST:
        raise LeaveError(f"{opening.taken} taken, {opening.added} added: each is 0 to {LONGEST} working days")
    if not opening.letter.strip():
        raise LeaveError("a statement about a year needs the letter or list it is taken from: name it")
    mine = (LeaveOpening.person == person, LeaveOpening.year == opening.year)
    connection.execute(delete(LeaveOpening).where(*mine))
    row = {"taken": opening.taken, "added": opening.added, "letter": opening.letter, "by": by, "at": now}
    connection.execute(insert(LeaveOpening).values(person=person, year=opening.year, **row))


def _openings(connection: Connection, people: Sequence[str]) -> dict[str, dict[int, Opening]]:
    table = LeaveOpening
    query = select(table.person, table.year, table.taken, table.added, table.letter).where(table.person.in_(people))
    found: dict[str, dict[int, Opening]] = {}
    for person, year, taken, added, letter in connection.execute(query):
        found.setdefault(person, {})[year] = Opening(year, taken, added, letter)
    return found


def _joined(connection: Connection, facts: Facts, people: Sequence[str]) -> Mapping[str, date]:
    """First day of service: by the number's year and month, else the first assignment here."""
    query = select(Person.id, Person.number).where(Person.id.in_(people))
    return {person: _first_day(number, facts, person) for person, number in connection.execute(query)}


def _first_day(number: str | None, facts: Facts, person: str) -> date:
    if number and len(number) == 18 and number.isdecimal():
        month = int(number[12:14])
        return date(int(number[8:12]), month if 1 <= month <= 12 else 1, 1)
    return min((each.since for each in facts.known[person].assignments), default=date.max.replace(year=9000))

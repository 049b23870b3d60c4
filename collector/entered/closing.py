"""What is still open of a month, unit by unit, before it is closed, and what was paid after. Read-only.

Sums come from `unit_days`, so a page costs the same for ten people and for ten thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from collector.entered.waiting import Held, held_days
from collector.judging.months import corrections_of
from collector.recap.month import Month
from collector.reports.sums import Sums, added, by_unit
from collector.reports.units import Place, Units
from collector.rules.appeals.case import OPEN
from collector.rules.codes import State
from collector.rules.day import DayResult
from collector.rules.document import DAY_RESULT
from collector.rules.month import Correction
from collector.store.appeals import StoredAppeal
from collector.store.people import Person, Unit
from collector.store.results import ClosedDay, ClosedMonth, DayRow, StoredCorrection

MOST_SHOWN = 50
"""Days that are not settled which a page lists, the oldest first."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A closing: of which unit, by whom, when, over how much; `reason`: why days that were not settled stayed so."""

    unit: str
    by: str
    at: datetime
    digest: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a unit's month stands, those below it included. `kiosks`: awaited by its days; `appeals`: not decided;
    `corrections`: of earlier months, which the closing takes up; `closed`: its own closing, or that of a unit above."""

    unit: Place
    sums: Sums
    kiosks: tuple[str, ...]
    appeals: int
    corrections: int
    closed: Closed | None

    @property
    def unsettled(self) -> int:
        """Days of people that are open or in review."""
        return self.sums["open"] + self.sums["review"]


class Standings:
    """The month of every unit. Eleven queries at most, however many units and people there are."""

    def __init__(self, session: Session, units: Units, month: Month, now: datetime) -> None:
        connection, (first, last) = session.connection(), (month.days[0], month.days[-1])
        self._units = units
        self._sums = by_unit(session, first, last)
        self._closed = _closings(connection, first)
        self._held = [each for each in held_days(connection, now) if first <= each.day <= last]
        self._appeals = _appeals(connection, first, last)
        self._corrections = _corrections(connection, first)

    def of(self, place: Place) -> Standing:
        """One unit's month, with those below it."""
        below = self._units.below(place.code)
        return Standing(
            place,
            added(self._sums[code] for code in below if code in self._sums),
            tuple(sorted({kiosk for each in self.held(below) for kiosk in each.kiosks})),
            sum(self._appeals[code] for code in below),
            sum(self._corrections[code] for code in below),
            self._closing(place.code),
        )

    def held(self, units: Collection[str]) -> list[Held]:
        """The days of these units that wait for kiosks."""
        return [each for each in self._held if each.unit in units]

    def _closing(self, code: str) -> Closed | None:
        path = [each.code for each in reversed(self._units.path(code))]
        return next((self._closed[unit] for unit in path if unit in self._closed), None)


def _closings(connection: Connection, first: date) -> dict[str, Closed]:
    table = ClosedMonth
    query = select(table.unit, table.closed_by, table.closed_at, table.digest, table.reason).where(table.month == first)
    return {row[0]: Closed(*row) for row in connection.execute(query)}


def _appeals(connection: Connection, first: date, last: date) -> Counter[str]:
    table = StoredAppeal
    query = (
        select(table.unit, func.count())
        .where(table.day >= first, table.day <= last, table.stage.in_([stage.value for stage in OPEN]))
        .group_by(table.unit)
    )
    return _counted(connection.execute(query))


def _corrections(connection: Connection, first: date) -> Counter[str]:
    table = StoredCorrection
    waiting = (table.booked.is_(None), table.day < first)
    return _counted(connection.execute(select(table.unit, func.count()).where(*waiting).group_by(table.unit)))


def _counted(rows: Iterable[Iterable[object]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for unit, count in rows:
        found[str(unit)] += int(str(count))
    return found


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A day that is open or in review, and what the judge says of it."""

    person: str
    name: str
    unit_name: str
    result: DayResult


def unsettled_days(session: Session, units: Collection[str], month: Month) -> list[Unsettled]:
    """Days of these units that are not settled, in review first, then the oldest; MOST_SHOWN at most. One query."""
    row = DayRow
    query = (
        select(row.person, Person.name, Unit.name, row.unit, row.document)
        .outerjoin(Person, Person.id == row.person)
        .outerjoin(Unit, Unit.code == row.unit)
        .where(row.day >= month.days[0], row.day <= month.days[-1], row.unit.in_(sorted(units)))
        .where(row.state != State.FINAL.value)
        .order_by(row.state.desc(), row.day, row.person)
        .limit(MOST_SHOWN)
    )
    return [
        Unsettled(person, name or person, unit_name or unit, DAY_RESULT.decode(document))
        for person, name, unit_name, unit, document in session.execute(query)
    ]


def paid_days(session: Session, units: Collection[str], month: Month) -> tuple[int, int]:
    """How many days of how many people are frozen as paid. One query."""
    query = select(func.count(), func.count(ClosedDay.person.distinct())).where(
        ClosedDay.month == month.days[0], ClosedDay.unit.in_(sorted(units))
    )
    days, people = session.execute(query).one()
    return int(days), int(people)


def corrections_for(connection: Connection, units: Sequence[str], month: date) -> dict[Correction, bool]:
    """Corrections that this month's closing took up (True), and those that it would: of earlier months, still waiting.

    `month`: its first day. Two queries.
    """
    booked = dict.fromkeys(corrections_of(connection, units, month), True)
    waiting = [each for each in corrections_of(connection, units, None) if each.day < month]
    return {**booked, **dict.fromkeys(waiting, False)}


def names_of(session: Session, corrections: Iterable[Correction]) -> Mapping[str, tuple[str, str]]:
    """Name and number of the people of corrections, by id. One query."""
    people = sorted({each.person for each in corrections})
    query = select(Person.id, Person.name, Person.number).where(Person.id.in_(people))
    return {person: (name, number or "") for person, name, number in session.execute(query)}


def history(session: Session, code: str) -> list[tuple[date, Closed]]:
    """The months of a unit that were closed, its own closings alone, the newest first; twelve at most. One query."""
    table = ClosedMonth
    query = (
        select(table.month, table.unit, table.closed_by, table.closed_at, table.digest, table.reason)
        .where(table.unit == code)
        .order_by(table.month.desc())
        .limit(12)
    )
    return [(row[0], Closed(*row[1:])) for row in session.execute(query)]

"""Who was seen on a day, by unit. Says "not yet recorded", never "absent": absence is judged elsewhere, and later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from collector.reports.day import Day
from collector.reports.overnight import NOT_SEEN, Found, Overnight
from collector.reports.sums import Sums, added, by_unit
from collector.reports.watermarks import ChainMark, is_behind, watermark
from collector.store.people import Assignment, Kiosk, Person, Template, Unit
from collector.store.records import Chain, StoredRecord
from collector.store.results import DayRow

CHECK_IN = "check-in"
Query: TypeAlias = "Select[*tuple[Any, ...]]"
FEW = 500
"""Of so many people the looks are asked for by name, of more by date."""

Show: TypeAlias = Literal["all", "present", "waiting"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One person of a unit on one day. `looks` counts check-in records; `first` and `last` are None without one, and on another date
    of who works across midnight.

    `state`, `codes`: what the day became as far as it is judged; empty where it is not.
    """

    person: str
    name: str
    number: str | None
    status: str
    unit: str
    unit_name: str
    enrolled: bool
    first: datetime | None
    last: datetime | None
    looks: int
    state: str
    codes: tuple[str, ...]


@dataclass(slots=True)
class UnitDay:
    """A unit with everything below it. `behind`: kiosks whose records of this day may still be missing; `sums`:
    what the day became of those who are judged."""

    code: str
    name: str
    parent: str | None
    assigned: int = 0
    present: int = 0
    enrolled: int = 0
    kiosks: int = 0
    behind: int = 0
    complete_at: datetime | None = None
    sums: Sums = field(default_factory=lambda: Sums({}))
    children: list[UnitDay] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """Assigned people without a record yet."""
        return self.assigned - self.present

    def subtree(self) -> list[str]:
        """Codes of this unit and of all below it."""
        return [self.code, *(code for child in self.children for code in child.subtree())]

    def add_kiosk(self, complete_at: datetime | None, behind: bool) -> None:
        """One more kiosk that hangs here."""
        self._join_kiosks(1, complete_at, int(behind))

    def add_up(self) -> None:
        """Add what lies below, from the leaves."""
        for child in self.children:
            child.add_up()
            self.add(child)

    def add(self, other: UnitDay) -> None:
        """Count another unit's people and kiosks here too."""
        self.assigned += other.assigned
        self.present += other.present
        self.enrolled += other.enrolled
        self.sums = added((self.sums, other.sums))
        self._join_kiosks(other.kiosks, other.complete_at, other.behind)

    def _join_kiosks(self, count: int, complete_at: datetime | None, behind: int) -> None:
        """The unit is complete only as far as its least complete kiosk."""
        if count:
            known = complete_at and self.complete_at and min(complete_at, self.complete_at)
            self.complete_at = known if self.kiosks else complete_at
        self.kiosks += count
        self.behind += behind


@dataclass(frozen=True, slots=True)
class Choice:
    """Which people to list: units (None for all), those seen or not, and a piece of a name or number."""

    units: Sequence[str] | None = None
    show: Show = "all"
    search: str = ""


def units_of_day(session: Session, day: Day, now: datetime, over: Overnight) -> dict[str, UnitDay]:
    """Every unit by code, each with the sums of what lies below it. Four queries, however many people there are.

    `over`: of that date, for this and all below.
    """
    rows = session.execute(select(Unit.code, Unit.name, Unit.parent).order_by(Unit.name, Unit.code))
    units = {code: UnitDay(code, name, parent) for code, name, parent in rows}
    for code, assigned, present, enrolled in session.execute(_counts(day, over)):
        unit = units[code]
        unit.assigned, unit.present, unit.enrolled = assigned, present, enrolled
    for kiosk_unit, complete_at in _kiosk_marks(session):
        units[kiosk_unit].add_kiosk(complete_at, is_behind(complete_at, day, now))
    for code, sums in by_unit(session, day.date, day.date).items():
        if code in units:
            units[code].sums = sums
    _hang(units)
    return units


def roots(units: dict[str, UnitDay]) -> list[UnitDay]:
    """The units that no other unit is above of, by name."""
    return [unit for unit in units.values() if unit.parent not in units]


def people_of_day(  # noqa: PLR0913, PLR0917 - which people, and which of their pages
    session: Session, day: Day, choice: Choice, over: Overnight, limit: int | None = None, offset: int = 0
) -> list[Seen]:
    """The people assigned on that day, by unit and name, with their looks and what their day became. Two queries."""
    order = (Unit.name, Unit.code, Person.name, Person.id)
    columns = (Person.id, Person.name, Person.number, Person.status, Unit.code, Unit.name.label("unit_name"))
    # Cut before the days are looked up: a date of last year lies scattered over as many pages as it has people.
    asked = (
        _assigned(day, choice, over).with_only_columns(*columns).order_by(*order).limit(limit).offset(offset).subquery()
    )
    told = asked.c
    query = (
        select(asked, _has_template(told.id), DayRow.state, DayRow.codes)
        .outerjoin(DayRow, and_(DayRow.person == told.id, DayRow.day == day.date))
        .order_by(told.unit_name, told.code, told.name, told.id)
    )
    rows = session.execute(query).all()
    looks = _looks(day)
    if len(rows) <= FEW:
        looks = looks.where(StoredRecord.person.in_([row[0] for row in rows]))
    found: dict[str, Found] = {person: (first, last, count) for person, first, last, count in session.execute(looks)}
    found |= over
    facts = ((*row[:7], *found.get(row[0], NOT_SEEN), row[7] or "", tuple((row[8] or "").split())) for row in rows)
    return [Seen(*fact) for fact in facts]


def count_people(session: Session, day: Day, choice: Choice, over: Overnight) -> int:
    """How many people `people_of_day` would list without a limit. One query."""
    query = _assigned(day, choice, over).with_only_columns(func.count())
    return session.scalars(query).one()


def _looks(day: Day) -> Query:
    record = StoredRecord
    query = select(
        record.person,
        func.min(record.at).label("first"),
        func.max(record.at).label("last"),
        func.count().label("looks"),
    )
    return _within(day, query).group_by(record.person)


def _within(day: Day, query: Query) -> Query:
    """Check-ins of that day; an index has all that is asked of them."""
    record = StoredRecord
    return query.where(record.kind == CHECK_IN, record.at >= day.start, record.at < day.end)


def _has_template(person: Any) -> Any:
    return select(Template.person).where(Template.person == person).exists()


def _assigned(day: Day, choice: Choice, over: Overnight) -> Query:
    """People whose main assignment covers the day."""
    query = (
        select(Person.id)
        .join(Assignment, Assignment.person == Person.id)
        .join(Unit, Unit.code == Assignment.unit)
        .where(Assignment.kind == "main", Assignment.from_day <= day.date)
        .where(or_(Assignment.until_day.is_(None), Assignment.until_day >= day.date))
        .where(or_(Person.left_on.is_(None), Person.left_on >= day.date))
    )
    if choice.units is not None:
        query = query.where(Unit.code.in_(choice.units))
    if choice.show != "all":
        looked = _within(day, select(StoredRecord.person).where(StoredRecord.person.is_not(None)))
        seen = _present(Person.id.in_(looked), over)
        query = query.where(seen if choice.show == "present" else ~seen)
    if choice.search:
        piece = choice.search.lower()
        query = query.where(
            or_(
                func.lower(Person.name).contains(piece, autoescape=True), Person.number.contains(piece, autoescape=True)
            )
        )
    return query


def _counts(day: Day, over: Overnight) -> Query:
    looks = _looks(day).subquery()
    enrolled = func.sum(case((_has_template(Person.id), 1), else_=0))
    present = func.sum(case((_present(looks.c.first.is_not(None), over), 1), else_=0))
    query = _assigned(day, Choice(), over).outerjoin(looks, looks.c.person == Person.id)
    return query.with_only_columns(Unit.code, func.count(), present, enrolled).group_by(Unit.code)


def _present(looked: ColumnElement[bool], over: Overnight) -> ColumnElement[bool]:
    """Who is recorded: by the looks of the date, but for those who work across midnight."""
    if not over:
        return looked
    seen = [name for name, (_, _, count) in over.items() if count]
    return or_(Person.id.in_(seen), and_(looked, Person.id.not_in(over)))


def _kiosk_marks(session: Session) -> list[tuple[str, datetime | None]]:
    """Unit and watermark of every kiosk in service."""
    query = (
        select(Kiosk.id, Kiosk.unit, *chain_columns())
        .outerjoin(Chain, Chain.kiosk == Kiosk.id)
        .where(Kiosk.retired_at.is_(None))
    )
    chains: dict[tuple[str, str], list[ChainMark]] = {}
    for kiosk, unit, *mark in session.execute(query):
        found = chains.setdefault((kiosk, unit), [])
        if mark[0] is not None:
            found.append(ChainMark(*mark))
    return [(unit, watermark(marks)) for (_, unit), marks in chains.items()]


def chain_columns() -> tuple[Any, ...]:
    """The columns of a `ChainMark`, in its order."""
    return (
        *(Chain.chain, Chain.upto, Chain.seen, Chain.complete_at),
        *(Chain.previous, Chain.previous_upto, Chain.first_at),
    )


def _hang(units: dict[str, UnitDay]) -> None:
    """Hang every unit under its parent and add up from the leaves; a circle of parents is cut open."""
    for unit in units.values():
        if _circles(unit, units):
            unit.parent = None
    for unit in units.values():
        if unit.parent in units:
            units[unit.parent].children.append(unit)
    for root in roots(units):
        root.add_up()


def _circles(unit: UnitDay, units: dict[str, UnitDay]) -> bool:
    above, passed = unit, {unit.code}
    while above.parent in units:
        above = units[above.parent]
        if above.code in passed:
            return above is unit
        passed.add(above.code)
    return False

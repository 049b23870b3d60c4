"""A unit's rota of a month: a row a person, a cell a date. Read-only; queries do not grow with people."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import Session

from collector.rules.codes import Code
from collector.rules.hours import Hours, Turn
from collector.rules.rulebook import Rulebook
from collector.schedules.errors import Rule
from collector.schedules.signs import Signs, signs_of
from collector.schedules.standing import Hand, Held, Standing, read_rules
from collector.store.hours import RotaChange, Schedule, StoredTurn
from collector.store.people import Assignment, Person, Unit

LATEST = 8
"""Changes that a page lists."""


FOUR_WEEKS = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month by its first day."""

    first: date

    @property
    def days(self) -> list[date]:
        """Every date of it."""
        return [self.first + timedelta(days=count) for count in range(monthrange(self.first.year, self.first.month)[1])]

    @property
    def last(self) -> date:
        """Its last date."""
        return self.days[-1]


@dataclass(frozen=True, slots=True)
class Cell:
    """One date of a person. `sign`: what stands there; `shift`: its shift, empty for none; `rota`: the pattern that day has
    one; `may`: the asker may change it; `past`: BKD alone may, with a reason."""

    day: date
    sign: str
    shift: str
    rota: bool
    may: bool
    past: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A person's month. `number`: NIP or internal number; `pattern`, `unit`: of the last day they serve here in it."""

    person: str
    name: str
    number: str
    unit: str
    pattern: str
    cells: list[Cell]

    @property
    def rota(self) -> bool:
        """Whether any date has a rota."""
        return any(cell.rota for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Legend:
    """A shift: its sign, name and hours."""

    sign: str
    name: str
    hours: Hours


@dataclass(frozen=True, slots=True)
class Grid:
    """The people of a page, and the shifts that their patterns know, in their order. `patterns`: those with a rota."""

    month: Month
    rows: list[Row]
    shifts: list[Legend]
    patterns: list[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose rows: people with their main post at these units (None: any) within the month; `on_rota`: only who was given a pattern with
    a rota by then, or has a turn in it; `people`: only these (None: all)."""

    units: Collection[str] | None
    month: Month
    on_rota: bool = False
    people: Collection[str] | None = None


def count(session: Session, choice: Choice) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(_people(session, choice).subquery())) or 0


def read(session: Session, choice: Choice, hand: Hand, place: tuple[int, int] | None = None) -> Grid:
    """The grid, by name. `place`: how many rows at most, and how many before them; None: all. `hand`: who would change it."""
    query, month = _people(session, choice).order_by(Person.name, Person.id), choice.month
    if place is not None:
        query = query.limit(place[0]).offset(place[1])
    found = session.execute(query).all()
    standing = Standing(session.connection(), [row.id for row in found], month.first, month.last)
    signs = signs_of(standing.rules)
    reader, rows = _Reader(standing, signs, choice.units, hand), []
    for who in found:
        turns = {turn.day: turn for turn in standing.facts.known[who.id].rota}
        cells = [reader.cell(who.id, day, turns.get(day)) for day in month.days]
        number = who.number or who.internal_number or ""
        first, last = reader.names(who.id, month)
        rows.append(Row(who.id, who.name, number, last, first, cells))
    return Grid(month, rows, _legend(standing, signs, rows), rota_patterns(standing.rules, month))


def names(session: Session, choice: Choice) -> dict[str, str]:
    """Names of the people of a choice by id."""
    return {row.id: row.name for row in session.execute(_people(session, choice))}


def latest(session: Session, units: Collection[str]) -> list[RotaChange]:
    """The newest changes of these units' rotas."""
    query = select(RotaChange).where(RotaChange.unit.in_(sorted(units)))
    return list(session.scalars(query.order_by(RotaChange.at.desc(), RotaChange.id).limit(LATEST)))


def _people(session: Session, choice: Choice) -> Select[str, str, str | None, str | None]:
    table, month = Assignment, choice.month
    serve = [
        true() if choice.units is None else table.unit.in_(sorted(choice.units)),
        table.kind == "main",
        table.from_day <= month.last,
        table.until_day.is_(None) | (table.until_day >= month.first),
        Person.left_on.is_(None) | (Person.left_on > month.first),
    ]
    if choice.on_rota:
        names = rota_patterns(read_rules(session.connection()), month)
        given = select(Schedule.person).where(Schedule.pattern.in_(names), Schedule.since <= month.last)
        turned = select(StoredTurn.person).where(StoredTurn.day >= month.first, StoredTurn.day <= month.last)
        serve.append(Person.id.in_(given) | Person.id.in_(turned))
    if choice.people is not None:
        serve.append(Person.id.in_(choice.people))
    columns = (Person.id, Person.name, Person.number, Person.internal_number)
    return select(*columns).join(table, table.person == Person.id).where(*serve).distinct()


def copied(session: Session, people: Collection[str], month: Month) -> dict[tuple[str, date], str]:
    """What each date of the month would say if the rota went on as in the four weeks before it, on the same weekdays."""
    earliest = month.first - FOUR_WEEKS
    query = select(StoredTurn.person, StoredTurn.day, StoredTurn.shift, StoredTurn.off).where(
        StoredTurn.person.in_(people), StoredTurn.day >= earliest, StoredTurn.day < month.first
    )
    signs = signs_of(read_rules(session.connection()))
    before = {
        (person, (day - earliest).days): signs.write(Turn(day=day, shift=shift, off=Code(off)))
        for person, day, shift, off in session.execute(query)
    }
    found = {}
    for count, day in enumerate(month.days):
        for person in people:
            sign = before.get((person, count % FOUR_WEEKS.days))
            if sign is not None:
                found[person, day] = sign
    return found


def units_on_rota(session: Session, month: Month, within: Collection[str] | None) -> list[tuple[str, str, int]]:
    """Units with people who were given a rota: code, name, how many; by name. `within`: only these, None: all."""
    names, table = rota_patterns(read_rules(session.connection()), month), Assignment
    query = (
        select(Unit.code, Unit.name, func.count(func.distinct(table.person)))
        .join(table, table.unit == Unit.code)
        .join(Schedule, Schedule.person == table.person)
        .where(Schedule.pattern.in_(names), Schedule.since <= month.last, table.kind == "main")
        .where(table.from_day <= month.last, table.until_day.is_(None) | (table.until_day >= month.first))
        .group_by(Unit.code, Unit.name)
        .order_by(Unit.name)
    )
    rows = session.execute(query if within is None else query.where(Unit.code.in_(sorted(within))))
    return [(code, name, number) for code, name, number in rows]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Cells of one page."""

    standing: Standing
    signs: Signs
    units: Collection[str] | None
    hand: Hand

    def _here(self, held: Held | None) -> bool:
        return held is not None and (self.units is None or held.unit in self.units)

    def cell(self, person: str, day: date, turn: Turn | None) -> Cell:
        """One date."""
        held = self.standing.held(person, day)
        if held is None or not self._here(held):
            return Cell(day, "", "", rota=False, may=False, past=False)
        refused, rota = self.standing.refusal(self.hand, person, day), held.rota is not None
        may = refused in (None, Rule.REASON) and (rota or turn is not None)
        shift = turn.shift or "" if turn else ""
        past = refused in (Rule.PAST, Rule.REASON)
        return Cell(day, self.signs.write(turn), shift, rota=rota, may=may, past=past)

    def names(self, person: str, month: Month) -> tuple[str, str]:
        """The pattern of the last day that they serve in the month, and the unit."""
        held = (self.standing.held(person, day) for day in reversed(month.days))
        one = next((each for each in held if self._here(each)), None)
        return (one.name, one.unit) if one else ("", "")


def _legend(standing: Standing, signs: Signs, rows: list[Row]) -> list[Legend]:
    found: dict[tuple[str, Hours], Legend] = {}
    for row in rows:
        for cell in row.cells:
            held = standing.held(row.person, cell.day) if cell.rota else None
            for shift in held.rota.shifts if held and held.rota else ():
                one = Legend(signs.by_name.get(shift.name, shift.name), shift.name, shift.hours)
                found.setdefault((shift.name, shift.hours), one)
    return list(found.values())


def rota_patterns(rules: Rulebook, month: Month) -> list[str]:
    """Names of the patterns with a rota that hold for anybody within the month."""
    holding = (
        one for one in rules.rule_sets if one.since <= month.last and (one.until is None or one.until >= month.first)
    )
    return list(dict.fromkeys(each.name for one in holding for each in one.patterns if each.kind == "rota"))

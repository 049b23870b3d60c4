"""Who works across the midnights of a date, and what is asked of them on both sides: cheap enough for a page that is read all day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import Connection, Date, Select, and_, literal, or_, select

from collector.judging.book import read_book
from collector.judging.evidence import CATEGORIES
from collector.judging.marks import ONE_DAY
from collector.judging.organisation import KnownUnit, Organisation
from collector.people.numbers import Status
from collector.people.scope import Tree
from collector.rules import evidence
from collector.rules.errors import RulesError
from collector.rules.hours import Hours, Rota, Turn, Week
from collector.rules.overnight import Nights
from collector.rules.rulebook import Rulebook
from collector.rules.workday import Duty, work_day
from collector.store.hours import Schedule, StoredTurn
from collector.store.people import Assignment, Person, Unit

Post: TypeAlias = tuple[str, str, str, str | None]
"""Status, unit, pattern and shift. All of whom these are the same are asked the same of."""


def nights(connection: Connection, day: date, *, begun: Collection[date]) -> dict[str, Nights]:
    """Of everybody whose shift of one of the dates `begun` reaches over its midnight, the work days of `day` and of the day before.

    At most six queries, however many people there are, and two where no rule knows such a shift. Whose rules are contradictory is asked
    nothing, and so is everybody where no rules can be read: judging says it.
    """
    try:
        book = read_book(connection).rules
    except RulesError:
        return {}
    days = (day - ONE_DAY, day)
    names = _Names.of(book, days)
    if not names.shifts and not names.weeks:
        return {}
    duties = _Duties(connection, book)
    found: dict[str, dict[date, Duty | None]] = defaultdict(dict)
    for query in _queries(names, days, begun):
        # Of several rows of a date the pattern that was chosen last speaks, at the post that began last.
        for on, person, *post in connection.execute(query.order_by(Assignment.from_day, Schedule.since)):
            found[person][on] = duties.of(on, (post[0], post[1], post[2], post[3]))
    told = {name: Nights(before=asked.get(days[0]), own=asked.get(days[1])) for name, asked in found.items()}
    return {name: each for name, each in told.items() if _crosses(each.before) or _crosses(each.own)}


@dataclass(frozen=True, slots=True)
class _Names:
    """Of rotas, of their shifts across midnight, and of weeks with such a day; a person's own week never has one."""

    rotas: frozenset[str]
    shifts: frozenset[str]
    weeks: frozenset[str]

    @classmethod
    def of(cls, book: Rulebook, days: Collection[date]) -> _Names:
        patterns = [pattern for rules in book.rule_sets if any(map(rules.holds, days)) for pattern in rules.patterns]
        rotas = [each for each in patterns if isinstance(each, Rota)]
        weeks = [each for each in patterns if isinstance(each, Week)]
        return cls(
            rotas=frozenset(each.name for each in rotas),
            shifts=frozenset(shift.name for each in rotas for shift in each.shifts if _over(shift.hours)),
            weeks=frozenset(each.name for each in weeks if any(map(_over, filter(None, each.days)))),
        )


class _Duties:
    """What dates ask, found once for all of the same post."""

    def __init__(self, connection: Connection, book: Rulebook) -> None:
        units = [KnownUnit(*row) for row in connection.execute(select(Unit.code, Unit.kind, Unit.parent))]
        self._organisation = Organisation(units, Tree(units), [])
        self._book = book
        self._known: dict[tuple[date, Post], Duty | None] = {}

    def of(self, day: date, post: Post) -> Duty | None:
        """What that date asks of who has this post."""
        if (day, post) not in self._known:
            self._known[day, post] = self._found(day, post)
        return self._known[day, post]

    def _found(self, day: date, post: Post) -> Duty | None:
        status, unit, pattern, shift = post
        units = self._organisation.path(unit)
        person = evidence.Person(
            id="",
            category=CATEGORIES[Status.parse(status)],
            pattern=pattern,
            assignments=(evidence.Assignment(units=units, since=day),),
            rota=(Turn(day=day, shift=shift),),
        )
        try:
            rules = self._book.rules(person.category, units, day)
            return work_day(person, day, rules, self._book.holiday(units, day)).duty
        except (RulesError, LookupError):
            return None


def _queries(names: _Names, days: tuple[date, date], begun: Collection[date]) -> Iterator[Select[Any]]:
    """Rows of a date, a person and their post. Found by the few who follow a rota, for turns lie by person."""
    turn = StoredTurn
    if names.shifts:
        of_night = (turn.day.in_(begun), turn.shift.in_(names.shifts), Schedule.pattern.in_(names.rotas))
        people = select(turn.person).join(Schedule, Schedule.person == turn.person).where(*of_night)
        rows = select(turn.day, Person.id, Person.status, Assignment.unit, Schedule.pattern, turn.shift)
        rows = rows.select_from(turn).join(Person, Person.id == turn.person)
        yield _posts(rows.where(turn.person.in_(people), turn.day.in_(days)), turn.day)
    if names.weeks:
        people = select(Schedule.person).where(Schedule.pattern.in_(names.weeks))
        for day in days:
            on = literal(day, Date)
            rows = select(on, Person.id, Person.status, Assignment.unit, Schedule.pattern, turn.shift).select_from(
                Person
            )
            # Who went over to a rota since then is found here, too, and asked what their turn says.
            rows = rows.outerjoin(turn, and_(turn.person == Person.id, turn.day == day))
            yield _posts(rows.where(Person.id.in_(people)), on)


def _posts(rows: Any, day: Any) -> Select[Any]:
    held = Assignment
    posts: Select[Any] = (
        rows.join(held, held.person == Person.id)
        .join(Schedule, Schedule.person == Person.id)
        .where(held.kind == "main", held.from_day <= day, or_(held.until_day.is_(None), held.until_day >= day))
        .where(or_(Person.left_on.is_(None), Person.left_on > day), Schedule.since <= day)
    )
    return posts


def _crosses(duty: Duty | None) -> bool:
    return duty is not None and duty.hours.end.date() > duty.hours.start.date()


def _over(hours: Hours) -> bool:
    return hours.end <= hours.start

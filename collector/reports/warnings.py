"""Who nears a paragraph of the discipline law this year. It names the paragraph, never a punishment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Subquery, and_, case, false, func, or_, select
from sqlalchemy.orm import Session

from collector.reports.tallies import counters
from collector.rules.discipline import Notice, Standing, Tally, notices, reckoned
from collector.rules.document import rule_set
from collector.rules.ruleset import Ladder
from collector.store.hours import StoredRuleSet
from collector.store.people import Person
from collector.store.results import DayRow

Rungs = Sequence[tuple[Notice, int, int]]


@dataclass(frozen=True, slots=True)
class Warned:
    """A person with the paragraphs that are reached or near; `unit`: on the last day that was judged."""

    person: str
    name: str
    number: str | None
    unit: str
    standing: Standing
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """How many people have a notice. `reached`: of them, those who have reached any paragraph; `rungs`: every paragraph that
    anybody has reached or nears, with how many have and how many do."""

    whole: int
    reached: int
    rungs: Rungs


class Warnings:
    """Everybody of these units (None: all) with a notice, by the rules of the day `until`, a date with judged days.

    Two queries, and one for each question; the database counts, sorts and cuts.
    """

    def __init__(self, session: Session, year: int, until: date, units: Collection[str] | None) -> None:
        self._session, self._year = session, year
        self._ladders = _ladders(session)
        self._standing = _standings(session, year, until, units, self._ladders)

    def overview(self) -> Overview:
        """Numbers of people, by what they have."""
        told = self._standing.c
        query = select(told.rules, told.days, told.longest_row, func.count())
        groups = self._session.execute(query.group_by(told.rules, told.days, told.longest_row))
        return _overview(
            (self._notices(rules, Tally("", days, 0, longest)), people) for rules, days, longest, people in groups
        )

    def by_unit(self) -> dict[str, int]:
        """Numbers of people of each unit alone."""
        told = self._standing.c
        rows = self._session.execute(select(told.unit, func.count()).group_by(told.unit))
        return dict(rows.all())

    def people(self, limit: int | None = None, offset: int = 0) -> list[Warned]:
        """The people themselves, the furthest first."""
        told = self._standing.c
        furthest = case((told.days > told.longest_row, told.days), else_=told.longest_row)
        query = (
            select(told.person, Person.name, Person.number, told.unit, told.rules)
            .add_columns(told.absent, told.minutes, told.longest_row)
            .join(Person, Person.id == told.person)
            .order_by(furthest.desc(), told.minutes.desc(), func.lower(Person.name), told.person)
        )
        return [
            self._warned((person, name, number, unit), rules, Tally(person, *counts))
            for person, name, number, unit, rules, *counts in self._session.execute(query.limit(limit).offset(offset))
        ]

    def _warned(self, who: tuple[str, str, str | None, str], rules: str, tally: Tally) -> Warned:
        standing = reckoned(tally, self._year, self._ladders[rules])
        return Warned(*who, standing, tuple(notices(standing, self._ladders[rules])))

    def _notices(self, rules: str, tally: Tally) -> list[Notice]:
        return notices(reckoned(tally, self._year, self._ladders[rules]), self._ladders[rules])


def _overview(groups: Iterable[tuple[Sequence[Notice], int]]) -> Overview:
    reached: Counter[str] = Counter()
    near: Counter[str] = Counter()
    known: dict[str, Notice] = {}
    whole = far = 0
    for found, people in groups:
        whole += people
        far += people * any(notice.reached for notice in found)
        for notice in found:
            key = f"{notice.rung.in_row}/{notice.rung.least:03}/{notice.rung.paragraph}"
            known.setdefault(key, notice)
            (reached if notice.reached else near)[key] += people
    return Overview(whole, far, [(known[key], reached[key], near[key]) for key in sorted(known)])


def _ladders(session: Session) -> Mapping[str, Ladder]:
    table = StoredRuleSet
    rows = session.execute(select(table.id, table.version, table.document).where(table.approved_at.is_not(None)))
    return {f"{name}/{version}": rule_set(raw).ladder for name, version, raw in rows}


def _standings(
    session: Session, year: int, until: date, units: Collection[str] | None, ladders: Mapping[str, Ladder]
) -> Subquery:
    """Person, unit, rules, counters, and `days` as the ladder adds them up, of all who have a notice."""
    sums, row = counters(session, year, until).subquery(), DayRow
    by_ladder: dict[Ladder, list[str]] = defaultdict(list)
    for rules, ladder in sorted(ladders.items()):
        by_ladder[ladder].append(rules)
    days = case(
        *(
            (row.rules.in_(names), sums.c.absent + sums.c.minutes // each.minutes_a_day)
            for each, names in by_ladder.items()
        ),
        else_=0,
    )
    noticed = [
        and_(
            row.rules.in_(names),
            _noticed(ladder, sums.c.absent + sums.c.minutes // ladder.minutes_a_day, sums.c.longest_row),
        )
        for ladder, names in by_ladder.items()
    ]
    query = (
        select(sums, row.unit, row.rules, days.label("days"))
        .join(row, row.person == sums.c.person)
        .where(row.day == until, or_(false(), *noticed))
    )
    return (query if units is None else query.where(row.unit.in_(sorted(units)))).subquery()


def _noticed(ladder: Ladder, days: ColumnElement[int], longest_row: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether `collector.rules.discipline.notices` has anything to say."""
    near = []
    for in_row, counted in ((False, days), (True, longest_row)):
        least = [rung.least for rung in ladder.rungs if rung.in_row is in_row]
        if least:
            near.append(counted >= max(1, min(least) - ladder.ahead))
    return or_(false(), *near)

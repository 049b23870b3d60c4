"""Who nears a paragraph of the discipline law this year. It names the paragraph, never a punishment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.reports.tallies import tallies
from collector.rules.discipline import Notice, Standing, Tally, notices, reckoned
from collector.rules.document import RULE_SET
from collector.rules.ruleset import Ladder
from collector.store.hours import StoredRuleSet
from collector.store.people import Person
from collector.store.results import DayRow


@dataclass(frozen=True, slots=True)
class Warned:
    """A person with the paragraphs that are reached or near; `unit`: on the last day that was judged."""

    person: str
    name: str
    number: str | None
    unit: str
    standing: Standing
    notices: tuple[Notice, ...]

    @property
    def reached(self) -> bool:
        """Whether any paragraph is reached."""
        return any(notice.reached for notice in self.notices)


@dataclass(frozen=True, slots=True)
class _Served:
    """Where somebody serves and by which rules, as of one day."""

    unit: str
    rules: str
    name: str
    number: str | None


def warned(session: Session, year: int, until: date, units: Collection[str] | None) -> list[Warned]:
    """Everybody of these units (None: all) with a notice, the furthest first.

    `until`: a date with judged days. A fixed number of queries, and some for each 500 people who may be absent in a row.
    """
    ladders = _ladders(session)
    served = _served(session, until, units)
    shortest = min((_shortest(ladder) for ladder in ladders.values()), default=2)
    counted = tallies(session, year, until, None if units is None else sorted(served), shortest=shortest)
    found: list[Warned] = []
    known: dict[tuple[str, int, int], tuple[Notice, ...]] = {}  # thousands stand at the same few counts
    for person, tally in counted.items():
        here = served.get(person)
        ladder = ladders.get(here.rules) if here else None
        if here is None or ladder is None:
            continue
        standing = reckoned(tally, year, ladder)
        stands = (here.rules, standing.days, standing.longest_row)
        if stands not in known:
            known[stands] = tuple(notices(standing, ladder))
        told = known[stands]
        if told:
            found.append(Warned(person, here.name, here.number, here.unit, standing, told))
    return sorted(found, key=_furthest)


def exact(session: Session, year: int, until: date, several: Iterable[Warned]) -> list[Warned]:
    """The same people with their rows of days reckoned exactly: for a page of the list."""
    those = list(several)
    rows = tallies(session, year, until, [each.person for each in those])
    return [
        Warned(
            *(each.person, each.name, each.number, each.unit, _with_row(each.standing, rows.get(each.person))),
            each.notices,
        )
        for each in those
    ]


def _with_row(standing: Standing, tally: Tally | None) -> Standing:
    row = tally.longest_row if tally else 0
    return Standing(
        person=standing.person,
        year=standing.year,
        absent=standing.absent,
        minutes=standing.minutes,
        days=standing.days,
        longest_row=row,
    )


def _furthest(one: Warned) -> tuple[int, int, str, str]:
    return -max(one.standing.days, one.standing.longest_row), -one.standing.minutes, one.name.casefold(), one.person


def _ladders(session: Session) -> Mapping[str, Ladder]:
    table = StoredRuleSet
    rows = session.execute(select(table.id, table.version, table.document).where(table.approved_at.is_not(None)))
    return {f"{name}/{version}": RULE_SET.decode(raw).ladder for name, version, raw in rows}


def _shortest(ladder: Ladder) -> int:
    """The shortest row of days that a notice can be about."""
    return max(2, min((rung.least - ladder.ahead for rung in ladder.rungs if rung.in_row), default=99))


def _served(session: Session, day: date, units: Collection[str] | None) -> dict[str, _Served]:
    row = DayRow
    query = (
        select(row.person, row.unit, row.rules, Person.name, Person.number)
        .join(Person, Person.id == row.person)
        .where(row.day == day)
    )
    if units is not None:
        query = query.where(row.unit.in_(sorted(units)))
    return {person: _Served(unit, rules, name, number) for person, unit, rules, name, number in session.execute(query)}

"""The year's discipline counters of many people, counted by the database from the days that are held against somebody.

What `collector.rules.discipline.standing` says from all days of a year, without reading them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, text
from sqlalchemy.orm import Session

from collector.reports.presence import Query
from collector.rules.codes import Code, State
from collector.rules.discipline import Tally
from collector.store.results import HELD, DayRow

STEP = 500
"""People asked for in one query."""

LONGEST_PAUSE = timedelta(days=14)
"""Days absent that are further apart are not in a row: no holidays last so long."""

row = DayRow
ABSENT = row.codes.like(f"% {Code.TK.value} %")


def tallies(
    session: Session, year: int, until: date, people: Sequence[str] | None = None, *, shortest: int = 2
) -> dict[str, Tally]:
    """The counters of these people (None: of everybody) from 1 January to `until`; who is not in it has none.

    Rows of days absent may begin in December before. `shortest`: rows that are surely shorter are told as 1, for whom it is
    not worth to look at the days between. At most three queries for each 500 people.
    """
    sums = dict(_sums(session, year, until, people))
    absent = [person for person, (days, _) in sums.items() if days]
    rows = _longest_rows(session, year, until, absent, shortest)
    return {person: Tally(person, days, minutes, rows.get(person, 0)) for person, (days, minutes) in sums.items()}


def _sums(
    session: Session, year: int, until: date, people: Sequence[str] | None
) -> Iterator[tuple[str, tuple[int, int]]]:
    query = (
        select(row.person, func.sum(case((ABSENT, 1), else_=0)), func.sum(row.minutes_late + row.minutes_early))
        .where(_held(), row.day >= date(year, 1, 1), row.day <= until)
        .group_by(row.person)
    )
    for who, days, minutes in _by_people(session, query, people):
        yield who, (int(days), int(minutes))


def _held() -> ColumnElement[bool]:
    """In the words of the index."""
    return text(f"state = '{State.FINAL.value}' AND ({HELD})")  # type: ignore[return-value]


def _by_people(session: Session, query: Query, people: Sequence[str] | None) -> Iterator[Any]:
    if people is None:
        yield from session.execute(query)
        return
    for start in range(0, len(people), STEP):
        yield from session.execute(query.where(row.person.in_(people[start : start + STEP])))


def _longest_rows(session: Session, year: int, until: date, people: Sequence[str], shortest: int) -> dict[str, int]:
    """The longest row of working days absent that touches the year, of those who were absent at all."""
    since = date(year - 1, 12, 1)
    query = select(row.person, row.day).where(_held(), ABSENT, row.day >= since, row.day <= until)
    absent: dict[str, list[date]] = defaultdict(list)
    for who, day in _by_people(session, query.order_by(row.person, row.day), people):
        absent[who].append(day)
    close = {who for who, days in absent.items() if _at_most(days) >= shortest}
    worked = _worked(session, since, until, sorted(close))
    return {
        who: longest(days, worked.get(who, ()), year) if who in close else int(any(day.year == year for day in days))
        for who, days in absent.items()
    }


def _at_most(days: Sequence[date]) -> int:
    """How long a row can be at most, were nobody ever at work between days that are near each other."""
    best = length = 1
    for before, day in pairwise(days):
        length = length + 1 if day - before <= LONGEST_PAUSE else 1
        best = max(best, length)
    return best


def _worked(session: Session, since: date, until: date, people: Sequence[str]) -> Mapping[str, list[date]]:
    """Final working days that were not absent: they end a row."""
    query = select(row.person, row.day).where(
        row.working, row.state == State.FINAL.value, ~ABSENT, row.day >= since, row.day <= until
    )
    found: dict[str, list[date]] = defaultdict(list)
    for who, day in _by_people(session, query, people):
        found[who].append(day)
    return found


def longest(absent: Sequence[date], worked: Iterable[date], year: int) -> int:
    """The longest row among days absent, in order, that no day worked divides and that touches the year. Pure."""
    order = sorted([*((day, True) for day in absent), *((day, False) for day in worked)])
    best = length = 0
    for day, missed in order:
        length = length + 1 if missed else 0
        if day.year == year:
            best = max(best, length)
    return best

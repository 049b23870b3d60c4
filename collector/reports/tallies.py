"""The year's discipline counters of many people: as they are kept, or counted anew up to a date in the past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from collector.reports.presence import Query
from collector.rules.discipline import Tally
from collector.store.sums import UNIT_DAYS
from collector.store.years import COUNTERS, PERSON_YEARS, counted


def tallies(session: Session, year: int, until: date, people: Sequence[str] | None = None) -> dict[str, Tally]:
    """The counters of these people (None: of everybody) from 1 January to `until`; who is not in it has none.

    Rows of days absent may begin in December before. Two queries, however many people there are.
    """
    return {row[0]: Tally(*row) for row in session.execute(counters(session, year, until, people))}


def counters(session: Session, year: int, until: date, people: Sequence[str] | None = None) -> Query:
    """The query of person and counters: kept ones where nothing was judged later in that year. One query itself."""
    later = select(func.max(UNIT_DAYS.c.day)).where(UNIT_DAYS.c.day > until, UNIT_DAYS.c.day <= date(year, 12, 31))
    if session.scalar(later) is not None:
        return counted(year, until, people)
    kept = PERSON_YEARS.c
    query = select(kept.person, *(kept[name] for name in COUNTERS)).where(kept.year == year)
    return query if people is None else query.where(kept.person.in_(people))

"""A year at a glance: of a person day by day, of units by month and date; when lateness happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from collector.rules.codes import EARLY, LATE, Code, State
from collector.store.results import HELD, DayRow

SLOT = 5
"""Minutes of a slot of arrival."""


@dataclass(frozen=True, slots=True)
class PersonDay:
    """What a date became for a person."""

    day: date
    state: State
    codes: tuple[Code, ...]
    working: bool
    minutes_late: int
    minutes_early: int

    @property
    def look(self) -> str:
        """How the date is drawn: one word, the weightiest first."""
        checks = (
            (self.state is State.OPEN, "open"),
            (self.state is State.REVIEW, "review"),
            (Code.TK in self.codes, "absent"),
            (any(code in self.codes for code in LATE), "late"),
            (any(code in self.codes for code in EARLY), "early"),
            (Code.H in self.codes, "present"),
            (not self.working, "off"),
        )
        return next((word for true, word in checks if true), "leave")


def person_year(session: Session, person: str, year: int) -> list[PersonDay]:
    """Every judged date of a person's year, in order. One query."""
    row = DayRow
    query = (
        select(row.day, row.state, row.codes, row.working, row.minutes_late, row.minutes_early)
        .where(row.person == person, row.day >= date(year, 1, 1), row.day <= date(year, 12, 31))
        .order_by(row.day)
    )
    return [
        PersonDay(day, State(state), tuple(Code(code) for code in codes.split()), working, late, early)
        for day, state, codes, working, late, early in session.execute(query)
    ]


def months_of(days: list[PersonDay]) -> list[Counter[Code]]:
    """Counts by code, January first; open days count what they have so far."""
    months: list[Counter[Code]] = [Counter() for _ in range(12)]
    for each in days:
        months[each.day.month - 1].update(each.codes)
    return months


def arrivals(
    session: Session, since: date, until: date, units: Collection[str] | None, zone: ZoneInfo
) -> Counter[tuple[int, int]]:
    """Late arrivals by weekday (0 Monday) and five minutes of the day (0 to 287), local. One query."""
    row = DayRow
    query = select(row.day, row.first_in).where(
        text(f"state = '{State.FINAL.value}' AND ({HELD})"),
        row.codes.like("% TL%"),
        row.day >= since,
        row.day <= until,
    )
    if units is not None:
        query = query.where(row.unit.in_(sorted(units)))
    found: Counter[tuple[int, int]] = Counter()
    for day, first in session.execute(query):
        if first is None:
            continue
        local = first.astimezone(zone)
        found[day.weekday(), (local.hour * 60 + local.minute) // SLOT] += 1
    return found

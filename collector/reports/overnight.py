"""The looks that a board shows of those who work across midnight: by work day, as they are judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.judging.nights import nights
from collector.reports.day import Day
from collector.rules.hours import Span
from collector.rules.overnight import shown
from collector.store.records import StoredRecord

Found: TypeAlias = tuple[datetime | None, datetime | None, int]
"""The first and the last look, and how many."""

Overnight: TypeAlias = Mapping[str, Found]
"""By person, of everybody whose looks are not told by the calendar."""

NOT_SEEN: Found = (None, None, 0)
AROUND = timedelta(days=1)
"""No window of a shift that touches a date reaches farther."""


def overnight(session: Session, day: Day, now: datetime) -> Overnight:
    """What is shown of each of them on that date. One query more than finding them takes.

    Until the date has ended nobody has left a shift of it on the next morning, so those of the day before are all that matter.
    """
    begun = [day.date - AROUND] if now < day.end else [day.date - AROUND, day.date]
    found = nights(session.connection(), day.date, begun=begun)
    if not found:
        return {}
    record = StoredRecord
    query = select(record.person, record.at).where(
        record.person.in_(found),
        record.kind == "check-in",
        record.at >= day.start - AROUND,
        record.at < day.end + AROUND,
    )
    looks: dict[str, list[datetime]] = defaultdict(list)
    for person, at in session.execute(query):
        looks[person or ""].append(at)
    span = Span(day.start, day.end)
    return {name: _summed(shown(each, looks[name], span, now)) for name, each in found.items()}


def _summed(looks: list[datetime]) -> Found:
    return (looks[0], looks[-1], len(looks)) if looks else NOT_SEEN

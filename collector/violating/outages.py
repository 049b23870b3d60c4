"""The outages of a month, as judging derived them from the kiosks' signs of life."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.rules.evidence import Outage
from collector.store.results import KioskOutage
from collector.violating.dates import ONE, begins


def months(days: Iterable[date]) -> list[date]:
    """The first dates of the months that these dates fall into, in order."""
    return sorted({day.replace(day=1) for day in days})


def month_end(first: date) -> date:
    """The last date of a month."""
    return (first.replace(day=28) + 4 * ONE).replace(day=1) - ONE


def read_outages(session: Session, first: date, last: date) -> tuple[Outage, ...]:
    """Outages that began between two dates, both included, and have ended. One query."""
    o = KioskOutage
    query = select(o.kiosk, o.since, o.until).where(
        o.since >= begins(first), o.since < begins(last + ONE), o.until.is_not(None)
    )
    return tuple(Outage(kiosk=kiosk, since=since, until=until) for kiosk, since, until in session.execute(query))

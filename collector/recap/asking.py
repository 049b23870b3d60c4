"""An export of sealed records as a page asks for it: days, a unit or a kiosk, and not more than the database can keep."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import IO
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.errors import ReportError
from collector.people.scope import Tree
from collector.recap import export
from collector.recap.export import Centre, Period
from collector.recap.faults import Fault
from collector.store.people import Kiosk, Unit

MOST_RECORDS = 500_000
"""Of about 900 bytes in the file: half a gibibyte of pieces in the database for a week. `siperlu collector export` has no such
limit."""


def period(session: Session, unit: str, kiosk: str, days: tuple[date, date], zone: ZoneInfo) -> Period:
    """Both days included, of one kiosk, of a unit's and those below, or of all."""
    since, until = (_midnight(day, zone) for day in (days[0], days[1] + timedelta(days=1)))
    return Period(since=since, until=until, kiosks=_kiosks(session, unit, kiosk))


def write(
    session: Session, file: IO[bytes], period: Period, centre: Centre, told: Callable[[int, int], None]
) -> export.Manifest:
    """Write an export. `told` hears how many records are written, of how many. Raises ReportError for none and for too many."""
    whole, done = export.most(session, period), 0
    if not whole:
        raise ReportError("no kiosk asked for has a record on these days: choose other days", Fault.NO_RECORDS)
    if whole > MOST_RECORDS:
        raise ReportError(
            f"{whole} records, and a page gives at most {MOST_RECORDS}: choose fewer days, a unit or a kiosk, or have "
            "`siperlu collector export` run at the centre",
            Fault.TOO_MANY_RECORDS,
            count=whole,
            most=MOST_RECORDS,
        )

    def tell(count: int) -> None:
        nonlocal done
        done += count
        session.rollback()  # on SQLite a reader that stays keeps the writer waiting; records only ever join
        told(min(done, whole), whole)

    return export.write(session, file, period, centre, tell)


def _kiosks(session: Session, unit: str, kiosk: str) -> frozenset[str] | None:
    if kiosk:
        return frozenset({kiosk})
    if not unit:
        return None
    rows = session.execute(select(Unit.code, Unit.kind, Unit.parent)).all()
    below = Tree(rows).below(unit)
    return frozenset(name for name, of in session.execute(select(Kiosk.id, Kiosk.unit)) if of in below)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)

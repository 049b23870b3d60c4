"""Local dates, in Python and in SQL. WIB is UTC+7 all year."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, func
from sqlalchemy.orm import Session

from collector.rules.hours import WIB

ONE = timedelta(days=1)
LAST = datetime(9990, 1, 1, tzinfo=UTC)
"""Clocks that run wilder than this are dated here: Python knows no year 10000."""


def local_date(moment: datetime) -> date:
    """The date it is in WIB."""
    return min(moment, LAST).astimezone(WIB).date()


def begins(day: date) -> datetime:
    """The moment a local date begins, UTC."""
    return datetime.combine(day, time(), WIB).astimezone(UTC)


def sql_date(session: Session, moment: Any) -> ColumnElement[Any]:
    """The local date of a column, as text `YYYY-MM-DD` on SQLite and as a date on PostgreSQL."""
    if session.get_bind().dialect.name == "sqlite":
        return func.date(moment, "+7 hours")
    return cast(func.timezone("Asia/Jakarta", moment), Date)


def read_date(value: str | date) -> date:
    """What `sql_date` gave."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def reached(days: Iterable[date]) -> set[date]:
    """The dates whose violations may change with records of these: two places are looked at over two dates."""
    return {each for day in days for each in (day, day + ONE)}

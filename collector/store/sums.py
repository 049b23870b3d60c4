"""Sums of judged days by unit: what a board, a trend or a year asks for, without reading every person's day.

Derived from `day_results` in the transaction that changes these; can be thrown away and derived again.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, String, Table

from collector.rules.codes import Code
from collector.store.base import Base

CODE_COLUMNS = {code: code.value.lower() for code in Code}
"""The column that counts a code."""

OTHER_COLUMNS = ("people", "working", "open", "open_seen", "review", "minutes_late", "minutes_early")
"""`people`: with a result; `working`: on a working day of theirs; `open_seen`: of the open ones, who was seen so far."""

UNIT_DAYS = Table(
    "unit_days",
    Base.metadata,
    Column("day", Date, primary_key=True),
    Column("unit", String(64), primary_key=True),
    *(Column(name, Integer, nullable=False) for name in (*CODE_COLUMNS.values(), *OTHER_COLUMNS)),
    Index("ix_unit_days_unit_day", "unit", "day"),
)
"""One row a date and unit that anybody has a result of. A unit alone, without those below it."""

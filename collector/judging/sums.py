"""Keeps the sums by unit beside the days that were judged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, insert, select

from collector.rules.codes import Code, State
from collector.store.results import DayRow
from collector.store.sums import CODE_COLUMNS, OTHER_COLUMNS, UNIT_DAYS

Place = tuple[date, str]


def renew_sums(connection: Connection, places: Iterable[Place]) -> None:
    """Bring the sums of these dates and units to what the days say now. Three statements, however many there are."""
    told = set(places)
    if not told:
        return
    days, units = sorted({day for day, _ in told}), sorted({unit for _, unit in told})
    connection.execute(delete(UNIT_DAYS).where(UNIT_DAYS.c.day.in_(days), UNIT_DAYS.c.unit.in_(units)))
    row = DayRow
    sums = (
        select(row.day, row.unit, *_columns()).where(row.day.in_(days), row.unit.in_(units)).group_by(row.day, row.unit)
    )
    names = ["day", "unit", *CODE_COLUMNS.values(), *OTHER_COLUMNS]
    connection.execute(insert(UNIT_DAYS).from_select(names, sums))


def _columns() -> list[Any]:
    """In the order of the table's columns."""
    row = DayRow
    opened = row.state == State.OPEN.value
    others = (
        func.count(),
        _count(row.working),
        _count(opened),
        _count(and_(opened, _has(Code.H))),
        _count(row.state == State.REVIEW.value),
        func.sum(row.minutes_late),
        func.sum(row.minutes_early),
    )
    return [*(_count(_has(code)) for code in CODE_COLUMNS), *others]


def _has(code: Code) -> Any:
    return DayRow.codes.like(f"% {code.value} %")


def _count(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))

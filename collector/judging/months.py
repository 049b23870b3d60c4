"""Closing a unit's month: what is paid is frozen, and what is found later goes to the next month as corrections."""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, insert, select, update

from collector.judging.errors import MonthError
from collector.judging.marks import local_date, take_turns
from collector.judging.organisation import read_organisation
from collector.rules.codes import State
from collector.rules.day import DayResult
from collector.rules.document import DAY_RESULT
from collector.rules.month import Correction
from collector.store.people import Unit
from collector.store.results import ClosedDay, ClosedMonth, DayRow, Fresh, OpenedDay, StoredCorrection, Touched

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Closing:
    """What a closing did: days frozen, corrections of earlier months that this one takes up, SHA-256 over its days."""

    unit: str
    month: date
    days: int
    corrections: int
    unsettled: int
    digest: str


@dataclass(frozen=True, slots=True)
class Order:
    """Who closes, and when. `leave`: why days that are open or in review may stay so; what they become is a correction."""

    by: str
    at: datetime
    leave: str = ""


def close_month(connection: Connection, unit: str, month: date, order: Order) -> Closing:
    """Freeze the month of a unit and those below it; `month`: any of its dates.

    Raises MonthError while the month lasts, when it is closed already, not wholly judged, or has such days without reason.
    """
    take_turns(connection)
    first, last = _span(month)
    _may_close(connection, unit, (first, last), order)
    units = sorted(read_organisation(connection).tree.below(unit))
    rows = _unfrozen(connection, units, first, last)
    waiting = [row for row in rows if row.state != State.FINAL.value]
    if waiting and not order.leave.strip():
        raise MonthError(_waiting_text(unit, waiting))
    _freeze(connection, rows, first)
    booked = _book(connection, units, first)
    frozen = select(ClosedDay.person, ClosedDay.day, ClosedDay.digest).where(
        ClosedDay.month == first, ClosedDay.unit.in_(units)
    )
    told = connection.execute(frozen.order_by(ClosedDay.person, ClosedDay.day)).all()
    digest = hashlib.sha256("".join(f"{person} {day} {own}\n" for person, day, own in told).encode()).hexdigest()
    decided = {"closed_by": order.by, "closed_at": order.at, "reason": order.leave}
    connection.execute(insert(ClosedMonth).values(unit=unit, month=first, digest=digest, **decided))
    return Closing(unit, first, len(told), booked, len(waiting), digest)


class Hindrance(StrEnum):
    """Why a month cannot be closed at all, whatever is settled in it."""

    LASTS = "lasts"  # it is not over
    CLOSED = "closed"
    ABOVE = "closed-above"  # with a unit above
    UNJUDGED = "unjudged"  # something that arrived waits for the judge
    NEVER = "never-judged"  # dates that were never opened


def hindrance(connection: Connection, unit: str, month: date, now: datetime) -> Hindrance | None:
    """Why this month of the unit cannot be closed now, or None. `month`: any of its dates."""
    found = _hindered(connection, unit, _span(month), now)
    return None if found is None else found[0]


def _span(month: date) -> tuple[date, date]:
    """The first and the last date of a month."""
    return month.replace(day=1), month.replace(day=monthrange(month.year, month.month)[1])


def _may_close(connection: Connection, unit: str, span: tuple[date, date], order: Order) -> None:
    if not order.by.strip():
        raise MonthError("nobody is named as the one who closes: say who")
    if connection.scalar(select(Unit.code).where(Unit.code == unit)) is None:
        raise MonthError(f"unit {unit!r} is not known: name one by its code")
    found = _hindered(connection, unit, span, order.at)
    if found is not None:
        raise MonthError(found[1])


def _hindered(
    connection: Connection, unit: str, span: tuple[date, date], now: datetime
) -> tuple[Hindrance, str] | None:
    (first, last), today = span, local_date(now)
    if today <= last:
        return Hindrance.LASTS, f"{first:%m-%Y} lasts until {last}, and today is {today}: close it afterwards"
    path = read_organisation(connection).path(unit)
    closed = connection.scalars(select(ClosedMonth.unit).where(ClosedMonth.unit.in_(path), ClosedMonth.month == first))
    by = set(closed)
    if unit in by:
        return Hindrance.CLOSED, f"{first:%m-%Y} of {unit} is closed already: what is found now is a correction"
    if by:
        return Hindrance.ABOVE, f"{first:%m-%Y} of {unit} was closed with {min(by)}: what is found now is a correction"
    waiting = (select(table.id).limit(1) for table in (Fresh, Touched))
    if any(connection.scalar(query) is not None for query in waiting):
        return Hindrance.UNJUDGED, "something that arrived is not judged yet: run `siperlu day judge` first"
    return _never_judged(connection, first, last)


def _never_judged(connection: Connection, first: date, last: date) -> tuple[Hindrance, str] | None:
    opened = set(connection.scalars(select(OpenedDay.day).where(OpenedDay.day >= first, OpenedDay.day <= last)))
    missing = [day for day in _dates(first, last) if day not in opened]
    if not missing:
        return None
    return Hindrance.NEVER, (
        f"{len(missing)} dates of {first:%m-%Y} were never judged, first {missing[0]}: "
        f"siperlu day recompute --from {first} --to {last}"
    )


def _dates(first: date, last: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def _unfrozen(connection: Connection, units: Sequence[str], first: date, last: date) -> list[_Row]:
    row, closed = DayRow, ClosedDay
    query = (
        select(row.person, row.day, row.unit, row.state, row.document, row.digest, row.rules_digest)
        .outerjoin(closed, (closed.person == row.person) & (closed.day == row.day))
        .where(row.day >= first, row.day <= last, row.unit.in_(units), closed.person.is_(None))
        .order_by(row.person, row.day)
    )
    return [_Row(*found) for found in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class _Row:
    """A day's result as it is now."""

    person: str
    day: date
    unit: str
    state: str
    document: bytes
    digest: str
    rules_digest: str


def _waiting_text(unit: str, waiting: Sequence[_Row]) -> str:
    shown = ", ".join(f"{row.day} ({row.state})" for row in waiting[:SHOWN])
    more = f" and {len(waiting) - SHOWN} more" if len(waiting) > SHOWN else ""
    return (
        f"{unit}: {len(waiting)} days are not settled: {shown}{more}; decide about them, declare dead kiosks finished, "
        "or leave them with a reason"
    )


def _freeze(connection: Connection, rows: Iterable[_Row], month: date) -> None:
    frozen = [
        {
            "person": row.person,
            "day": row.day,
            "unit": row.unit,
            "month": month,
            "document": row.document,
            "digest": row.digest,
            "rules_digest": row.rules_digest,
        }
        for row in rows
    ]
    if frozen:
        connection.execute(insert(ClosedDay), frozen)


def _book(connection: Connection, units: Sequence[str], month: date) -> int:
    """Take up the corrections of earlier months that wait; how many."""
    table = StoredCorrection
    waiting = (table.unit.in_(units), table.booked.is_(None), table.day < month)
    return connection.execute(update(table).where(*waiting).values(booked=month)).rowcount


def corrections_of(connection: Connection, units: Sequence[str], booked: date | None) -> list[Correction]:
    """Corrections of these units that a month has taken up (its first day), or that still wait (None), in order."""
    table = StoredCorrection
    taken: ColumnElement[bool] = table.booked.is_(None) if booked is None else table.booked == booked
    query = (
        select(table.person, table.day, table.then, table.now, table.percent_milli, table.minutes)
        .where(table.unit.in_(units), taken)
        .order_by(table.person, table.day, table.id)
    )
    return [
        Correction(
            person=person,
            day=day,
            then=DAY_RESULT.decode(then),
            now=DAY_RESULT.decode(now),
            percent=Decimal(percent_milli) / 1000,
            minutes=minutes,
        )
        for person, day, then, now, percent_milli, minutes in connection.execute(query)
    ]


def month_days(connection: Connection, units: Sequence[str], month: date) -> list[DayResult]:
    """The results of a month of these units: as paid where closed, else as they are now; by person and date."""
    first, last = _span(month)
    paid = select(ClosedDay.person, ClosedDay.day, ClosedDay.document).where(
        ClosedDay.month == first, ClosedDay.unit.in_(units)
    )
    found = {(person, day): document for person, day, document in connection.execute(paid)}
    found |= {(row.person, row.day): row.document for row in _unfrozen(connection, units, first, last)}
    return [DAY_RESULT.decode(found[key]) for key in sorted(found)]

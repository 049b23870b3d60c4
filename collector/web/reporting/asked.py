"""What the report pages are asked for: a unit within reach, a month, a year, a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import abort, request
from sqlalchemy.orm import Session

from collector.recap.month import Month
from collector.reports.units import Place, Units, read_units
from collector.web.access import in_reach, me, reach, unit_asked

EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)
LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Where:
    """The unit asked for (None: the whole regency), and what lies around it, within the asker's reach."""

    units: Units
    unit: Place | None
    path: tuple[Place, ...]
    children: tuple[Place, ...]

    @property
    def code(self) -> str:
        """Code of the unit, empty for the regency."""
        return self.unit.code if self.unit else ""

    @property
    def codes(self) -> frozenset[str] | None:
        """The unit and those below it; None: all."""
        return self.units.below(self.unit.code) if self.unit else None


def where_asked(session: Session) -> Where:
    """By `?unit=`, else the asker's own unit. Answers 404 for one out of reach or unknown."""
    units = read_units(session)
    code = unit_asked(session)
    if code and code not in units.places:
        abort(404, "no such unit")
    path = tuple(each for each in units.path(code) if in_reach(session, each.code)) if code else ()
    return Where(units, units.places.get(code), path, tuple(units.children(code or None)))


def month_asked(today: date) -> Month:
    """By `?month=YYYY-MM`, else the month before today's: the one that is being closed."""
    try:
        return Month.parse(request.values.get("month", ""))
    except ValueError:
        before = today.replace(day=1) - timedelta(days=1)
        return Month(before.year, before.month)


def shifted(month: Month, by: int) -> Month:
    """So many months later."""
    index = month.year * 12 + month.number - 1 + by
    return Month(index // 12, index % 12 + 1)


def year_asked(today: date) -> int:
    """By `?year=`, else today's."""
    year = request.args.get("year", today.year, int)
    return year if EARLIEST.year <= year <= LATEST.year else today.year


def period_asked(today: date, days: int) -> tuple[date, date]:
    """By `?from=` and `?to=`, both included, at most 400 days; else so many days up to yesterday."""
    try:
        since, until = (date.fromisoformat(request.args.get(name, "")) for name in ("from", "to"))
    except ValueError:
        until = today - timedelta(days=1)
        return until - timedelta(days=days - 1), until
    if not (EARLIEST <= since <= until <= LATEST):
        return today - timedelta(days=days), today - timedelta(days=1)
    return max(since, until - LONGEST), until


def whole_regency(session: Session) -> bool:
    """Whether the asker sees every unit."""
    return reach(session) is None


def asker() -> str:
    """Id of the account that asks."""
    return me().id

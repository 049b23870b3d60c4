"""Working hours as data: a day's hours, the windows in which a look counts, patterns of a week, rotas."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal

from collector.rules.codes import Code

WIB = timezone(timedelta(hours=7), "WIB")
"""Waktu Indonesia Barat: UTC+7 all year since 1964, so no time zone database is asked."""

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end`, the end not included; both with a time zone."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies within."""
        return self.start <= moment < self.end

    def meets(self, other: Span) -> bool:
        """Whether the two share a moment."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Hours of one work date, local time. `end` at or before `start` is the next morning. Break in minutes, unpaid."""

    start: time
    end: time
    break_minutes: int = 0

    def on(self, day: date) -> Span:
        """These hours on that work date."""
        start = datetime.combine(day, self.start, WIB)
        end = datetime.combine(day, self.end, WIB)
        return Span(start, end if end > start else end + timedelta(days=1))


SevenDays = tuple[Hours | None, Hours | None, Hours | None, Hours | None, Hours | None, Hours | None, Hours | None]
"""Hours by weekday, Monday first; None is a day off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """When a look counts, in minutes around the hours: coming in from `in_opens` before the start to `in_closes` after
    it, going out from `out_opens` before the end to `out_closes` after it. None is the middle of the hours.

    The last minute counts whole: a window "until 08:00" holds 08:00:59.
    """

    in_opens: int = 120
    in_closes: int | None = None
    out_opens: int | None = None
    out_closes: int = 480


WHOLE_DAY = Windows()
"""A look in the first half of the hours is coming, one in the second half is going."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A pattern by weekday, Monday first; None is a day off. `windows` None takes those of the rule set."""

    name: str
    days: SevenDays
    windows: Windows | None = None
    kind: Literal["week"] = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A shift that a rota may name. It belongs to the date on which it starts."""

    name: str
    hours: Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """A pattern in which each person's dates name a shift; holidays do not touch it."""

    name: str
    shifts: tuple[Shift, ...]
    windows: Windows | None = None
    kind: Literal["rota"] = "rota"

    def shift(self, name: str) -> Shift:
        """The shift of that name. Raises LookupError."""
        for shift in self.shifts:
            if shift.name == name:
                return shift
        known = ", ".join(shift.name for shift in self.shifts)
        raise LookupError(f"shift {name!r} is not one of pattern {self.name!r}: name one of {known}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWeek:
    """A pattern whose hours stand with each person: a teacher's lessons, part-time work."""

    name: str
    windows: Windows | None = None
    kind: Literal["own"] = "own"


Pattern = Week | Rota | OwnWeek


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnHours:
    """One person's own week, Monday first, between two dates (both included; `until` None is open)."""

    since: date
    until: date | None
    days: SevenDays

    def holds(self, day: date) -> bool:
        """Whether it is valid on that date."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One date of a person's rota: the name of a shift, or LJ (off after a shift) or LB (off)."""

    day: date
    shift: str | None
    off: Code = Code.LB

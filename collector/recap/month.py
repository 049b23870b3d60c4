"""A calendar month, and how dates are written on paper. Pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

NAMES = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)
WEEKDAYS = ("Sn", "Sl", "Rb", "Km", "Jm", "Sb", "Mg")

_WRITTEN = re.compile(r"(\d{4})-(0[1-9]|1[0-2])\Z", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of a year; as text `2026-05`, on paper `Mei 2026`."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `2026-05`. Raises ValueError."""
        found = _WRITTEN.match(text)
        if found is None or not int(found[1]):
            raise ValueError(f"month {text[:40]!r} is not written YYYY-MM, e.g. 2026-05")
        return cls(int(found[1]), int(found[2]))

    @property
    def words(self) -> str:
        """In Indonesian: `Mei 2026`."""
        return f"{NAMES[self.number - 1]} {self.year}"

    @property
    def days(self) -> tuple[date, ...]:
        """Every date of it."""
        last = calendar.monthrange(self.year, self.number)[1]
        return tuple(date(self.year, self.number, day) for day in range(1, last + 1))


def written(day: date) -> str:
    """A date as offices write it: `05-05-2026`."""
    return day.strftime("%d-%m-%Y")


def ranges(days: Iterable[date]) -> str:
    """Dates of one month by their day: `01-03, 07`."""
    spans: list[list[date]] = []
    for day in sorted(set(days)):
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1][1] = day
        else:
            spans.append([day, day])
    return ", ".join(f"{one:%d}" if one == last else f"{one:%d}-{last:%d}" for one, last in spans)

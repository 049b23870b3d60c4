"""Calendars, heat maps and lines as places of rectangles and points. Pure: the templates draw them as SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

DAYS, SLOTS_AN_HOUR = 7, 12
SHADES = 5
NOTHING = "none"


@dataclass(frozen=True, slots=True)
class Cell:
    """A date: its look (a class of the style sheet), the mark that stands in it, what is said on a closer look."""

    day: date
    look: str
    mark: str
    said: str


@dataclass(frozen=True, slots=True)
class MonthBlock:
    """A month as weeks of seven places, Monday first; None where the month has no day."""

    number: int
    weeks: tuple[tuple[Cell | None, ...], ...]

    @property
    def told(self) -> bool:
        """Whether anything is known of any of its dates."""
        return any(cell is not None and cell.look != NOTHING for week in self.weeks for cell in week)


def calendar(year: int, cells: Iterable[Cell]) -> list[MonthBlock]:
    """Twelve months. A date without a cell is empty."""
    known = {cell.day: cell for cell in cells}
    return [_block(year, month, known) for month in range(1, 13)]


def _block(year: int, month: int, known: Mapping[date, Cell]) -> MonthBlock:
    first = date(year, month, 1)
    after = date(year + month // 12, month % 12 + 1, 1)
    places: list[Cell | None] = [None] * first.weekday()
    for number in range(1, (after - first).days + 1):
        day = date(year, month, number)
        places.append(known.get(day) or Cell(day, NOTHING, "", ""))
    places += [None] * (-len(places) % DAYS)
    return MonthBlock(month, tuple(tuple(places[at : at + DAYS]) for at in range(0, len(places), DAYS)))


@dataclass(frozen=True, slots=True)
class Slot:
    """Five minutes of a weekday; `shade` from 0 (nothing) to 5 (the most)."""

    count: int
    shade: int


@dataclass(frozen=True, slots=True)
class Grid:
    """Weekdays by five minutes. `clocks`: when each column begins; `rows`: Monday first."""

    clocks: tuple[str, ...]
    rows: tuple[tuple[Slot, ...], ...]
    total: int


def grid(counts: Counter[tuple[int, int]]) -> Grid:
    """Only as many columns as have anything, the first to the last."""
    if not counts:
        return Grid((), (), 0)
    slots = range(min(slot for _, slot in counts), max(slot for _, slot in counts) + 1)
    highest = max(counts.values())
    clocks = tuple(f"{slot // SLOTS_AN_HOUR:02}:{slot % SLOTS_AN_HOUR * 5:02}" for slot in slots)
    rows = tuple(
        tuple(Slot(counts[weekday, slot], -(-SHADES * counts[weekday, slot] // highest)) for slot in slots)
        for weekday in range(DAYS)
    )
    return Grid(clocks, rows, counts.total())


def points(values: Sequence[float | None], highest: float, width: float = 100, height: float = 24) -> list[str]:
    """A line through values from left to right as the points of polylines; None breaks it."""
    step = width / max(1, len(values) - 1)
    lines: list[str] = []
    line: list[str] = []
    for number, value in enumerate(values):
        if value is None:
            lines += [" ".join(line)] if line else []
            line = []
            continue
        line.append(f"{number * step:.1f},{height - height * min(value, highest) / (highest or 1):.1f}")
    return [*lines, " ".join(line)] if line else lines

"""Counts over a period as bars of stacked parts. Pure: numbers in, places of rectangles out; the page draws them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from collector.reports.violations import Period

OTHERS = ""
"""Stands for all kinds that have no colour of their own."""

COLOURS = 5
MOST_DAYS, MOST_WEEKS = 45, 240
WEEK, MONTH = timedelta(days=7), timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Part:
    """One kind within a bar. `top` and `height` in hundredths of the highest bar; `colour` from 1, the last for others."""

    kind: str
    colour: int
    count: int
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A day, a week or a month: its dates within the period, both included."""

    since: date
    until: date
    total: int
    parts: tuple[Part, ...]


def ranked(kinds: Counter[str]) -> list[str]:
    """The kinds that get a colour of their own, the most frequent first, and the others together."""
    order = sorted(kinds, key=lambda kind: (-kinds[kind], kind))
    return order if len(order) <= COLOURS + 1 else [*order[:COLOURS], OTHERS]


def bars(counts: Mapping[tuple[date, str], int], period: Period, ranks: Sequence[str]) -> list[Bar]:
    """One bar for every day, week or month of the period, empty ones too, so that the time between is seen."""
    begin = _beginning(period)
    sums: dict[date, Counter[str]] = defaultdict(Counter)
    for (day, kind), count in counts.items():
        sums[begin(day)][kind if kind in ranks else OTHERS] += count
    highest = max((each.total() for each in sums.values()), default=1)
    starts = _starts(period, begin)
    ends = [*(start - timedelta(days=1) for start in starts[1:]), period.until]
    return [
        Bar(max(start, period.since), end, sums[start].total(), _parts(sums[start], ranks, highest))
        for start, end in zip(starts, ends, strict=True)
    ]


def _parts(sums: Counter[str], ranks: Sequence[str], highest: int) -> tuple[Part, ...]:
    parts: list[Part] = []
    top = 100.0
    for colour, kind in enumerate(ranks, start=1):
        if sums[kind]:
            height = 100 * sums[kind] / highest
            top -= height
            parts.append(Part(kind, colour, sums[kind], round(top, 3), round(height, 3)))
    return tuple(parts)


def _beginning(period: Period) -> Callable[[date], date]:
    """From a date to the first date of its bar."""
    days = (period.until - period.since).days + 1
    if days <= MOST_DAYS:
        return lambda day: day
    if days <= MOST_WEEKS:
        return lambda day: day - timedelta(days=day.weekday())
    return lambda day: day.replace(day=1)


def _starts(period: Period, begin: Callable[[date], date]) -> list[date]:
    days = (period.since + timedelta(days=number) for number in range((period.until - period.since).days + 1))
    return sorted({begin(day) for day in days})

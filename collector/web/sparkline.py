"""Daily scores as a small line. Pure: numbers in, places out; the page draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from collector.reports.fleet import Scores

WIDTH, HEIGHT = 320.0, 64.0
LEAST_SPAN = 0.05
"""Cosine: a line of smaller movements stays flat instead of looking like an alarm."""


@dataclass(frozen=True, slots=True)
class Point:
    """A date with looks: its place within WIDTH by HEIGHT, origin at the top left, and what it says."""

    x: float
    y: float
    scores: Scores


@dataclass(frozen=True, slots=True)
class Sparkline:
    """The points in order, `path` for an SVG polyline, and the least and greatest mean of the scale."""

    points: tuple[Point, ...]
    low: float
    high: float

    @property
    def path(self) -> str:
        """`x,y x,y …`."""
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)


def sparkline(days: Sequence[Scores], since: date, until: date) -> Sparkline | None:
    """The daily means between two dates; None without any."""
    if not days:
        return None
    means = [day.mean for day in days]
    middle = (min(means) + max(means)) / 2
    half = max(max(means) - min(means), LEAST_SPAN) / 2
    low, span = middle - half, 2 * half
    length = max(1, (until - since).days)
    points = tuple(
        Point(WIDTH * (day.day - since).days / length, HEIGHT * (1 - (day.mean - low) / span), day) for day in days
    )
    return Sparkline(points, low, low + span)

"""Whether a kiosk recognises worse than it did: a lens that grows dim, a new lamp behind the people. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

LATELY = timedelta(days=7)
BEFORE = timedelta(days=28)
"""The week that is compared, and the four weeks before it."""

ENOUGH = 30
"""Looks on either side below which nothing is said."""

FALL = 0.5
"""Standard deviations of single looks by which the mean must have fallen. Chosen, not measured: it tells a dim lens from
the daily coming and going of people, and is a reason to wipe the lens, nothing more."""


@dataclass(frozen=True, slots=True)
class DayScores:
    """The looks by face of one date: how many, mean and mean square of their cosines."""

    day: date
    looks: int
    mean: float
    mean_square: float


@dataclass(frozen=True, slots=True)
class Trend:
    """Mean cosine of the last week and of the four weeks before, None where there were not enough looks."""

    lately: float | None
    before: float | None
    falling: bool


def trend(days: Iterable[DayScores], today: date) -> Trend:
    """How the scores of a kiosk have moved, `today` included in the last week."""
    border = today - LATELY
    kept = [day for day in days if border - BEFORE < day.day <= today]
    lately = _together([day for day in kept if day.day > border])
    before = _together([day for day in kept if day.day <= border])
    if lately is None or before is None:
        return Trend(lately and lately[0], before and before[0], falling=False)
    return Trend(lately[0], before[0], falling=before[0] - lately[0] > FALL * before[1] > 0)


def _together(days: list[DayScores]) -> tuple[float, float] | None:
    """Mean and standard deviation of all looks of these dates."""
    looks = sum(day.looks for day in days)
    if looks < ENOUGH:
        return None
    mean = sum(day.mean * day.looks for day in days) / looks
    square = sum(day.mean_square * day.looks for day in days) / looks
    return mean, math.sqrt(max(0.0, square - mean * mean))

"""From a wanted rate of false accepts to a least cosine."""

from __future__ import annotations

import itertools
import math

from models.manifest import Card


def threshold(card: Card, wanted_far: float, enrolled: int) -> tuple[float, float]:
    """Least cosine and least lead over the runner-up, for a gallery of `enrolled` people.

    A stranger is compared with everybody, so one comparison may only err at `wanted_far / enrolled`. Between the rows of the
    card's table, and beyond its last one, the cosine is linear in the logarithm of the rate. Raises `ValueError` when
    `wanted_far` is not within (0, 1) or nobody is enrolled; an empty gallery needs no threshold.
    """
    if not 0 < wanted_far < 1 or enrolled < 1:
        raise ValueError(f"false accepts {wanted_far} must lie between 0 and 1, enrolled {enrolled} must be 1 or more")
    return min(_cosine(card, wanted_far / enrolled), 1.0), card.margin


def _cosine(card: Card, rate: float) -> float:
    rows = [(math.log10(row_rate), cosine) for row_rate, cosine in card.thresholds]
    wanted = math.log10(rate)
    pairs = list(itertools.pairwise(rows))
    low, high = next((pair for pair in pairs if pair[1][0] <= wanted), pairs[-1])
    return low[1] + (high[1] - low[1]) * (wanted - low[0]) / (high[0] - low[0])

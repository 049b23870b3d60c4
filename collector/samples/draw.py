"""A draw that anybody can do again, and what a sample says about the whole. Pure."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection
from dataclasses import dataclass

Z95 = 1.959963985
"""Two-sided 95 % of the normal distribution."""


def drawn(pool: Collection[str], seed: str, size: int) -> list[str]:
    """`size` of the pool, or all where it has fewer: those whose SHA-256 of `seed/identity` is smallest, in that order.

    No random generator of any language is needed to do it again, and the order in which the pool is given does not matter.
    """
    return sorted(set(pool), key=lambda identity: (_rank(seed, identity), identity))[:size]


def digest_of(pool: Collection[str]) -> str:
    """SHA-256 over the pool, an identity a line, in order."""
    return hashlib.sha256("".join(f"{identity}\n" for identity in sorted(set(pool))).encode()).hexdigest()


def _rank(seed: str, identity: str) -> str:
    return hashlib.sha256(f"{seed}/{identity}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Estimate:
    """Share of wrong matches, 0 to 1, with its 95 % interval."""

    share: float
    low: float
    high: float


def estimate(wrong: int, judged: int) -> Estimate | None:
    """Wilson's interval (Wilson 1927): it holds for few and for none, where the usual one says 0 ± 0. None of nothing."""
    if judged == 0:
        return None
    share, z2 = wrong / judged, Z95 * Z95
    middle = (share + z2 / (2 * judged)) / (1 + z2 / judged)
    half = Z95 / (1 + z2 / judged) * math.sqrt(share * (1 - share) / judged + z2 / (4 * judged * judged))
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))

"""A draw can be done again by anybody, favours nobody, and says no more than it knows."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.samples.draw import digest_of, drawn, estimate

POOL = [f"kiosk-{n % 7}/chain/{n}" for n in range(100)]


def test_it_can_be_done_again_with_a_hash_and_a_sort() -> None:
    """The very words of the page: smallest SHA-256 of seed/kiosk/chain/number."""
    again = sorted(POOL, key=lambda one: hashlib.sha256(f"seed-1/{one}".encode()).hexdigest())[:10]
    assert drawn(POOL, "seed-1", 10) == again
    assert digest_of(POOL) == hashlib.sha256("".join(f"{one}\n" for one in sorted(POOL)).encode()).hexdigest()


@given(st.permutations(POOL[:20]), st.text(max_size=8), st.integers(1, 30))
def test_the_order_of_the_pool_changes_nothing(pool: list[str], seed: str, size: int) -> None:
    found = drawn(pool, seed, size)
    assert found == drawn(POOL[:20], seed, size)
    assert len(found) == len(set(found)) == min(size, 20)
    assert digest_of(pool) == digest_of(POOL[:20])


def test_nobody_is_favoured() -> None:
    times = Counter(one for seed in range(2000) for one in drawn(POOL, str(seed), 10))
    assert set(times) == set(POOL)
    assert max(abs(count - 200) for count in times.values()) < 75  # 5.6 standard deviations of 13.4


@pytest.mark.parametrize(
    ("wrong", "judged", "low", "high"),
    [(0, 10, 0.0, 0.2775), (0, 100, 0.0, 0.0370), (5, 100, 0.0215, 0.1118), (10, 10, 0.7225, 1.0)],
)
def test_the_interval_is_wilsons(wrong: int, judged: int, low: float, high: float) -> None:
    """Values of Newcombe 1998, table of method 3, and of the formula by hand."""
    found = estimate(wrong, judged)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_nothing_looked_at_says_nothing() -> None:
    assert estimate(0, 0) is None

"""The chart's bars: every day is there, the parts are in proportion, and what has no colour is still counted."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.reports.violations import Period
from collector.web.chart import OTHERS, bars, ranked

FIRST = date(2019, 1, 2)
KINDS = [f"kind-{n}" for n in range(9)]


def period(days: int) -> Period:
    return Period(FIRST, FIRST + timedelta(days=days - 1))


def test_every_day_has_a_bar_also_an_empty_one() -> None:
    drawn = bars({(FIRST, "a"): 3}, period(10), ["a"])
    assert [bar.total for bar in drawn] == [3] + 9 * [0]
    assert [bar.since for bar in drawn] == [FIRST + timedelta(days=n) for n in range(10)]


@pytest.mark.parametrize(("days", "count"), [(45, 45), (46, 7), (240, 35), (365, 13), (3650, 120)])
def test_long_periods_are_drawn_by_week_and_by_month(days: int, count: int) -> None:
    drawn = bars({}, period(days), [])
    assert len(drawn) == count
    assert (drawn[0].since, drawn[-1].until) == (FIRST, period(days).until)
    assert all(after.since - before.until == timedelta(days=1) for before, after in pairwise(drawn))


def test_six_kinds_have_six_colours_and_of_seven_the_rest_is_together() -> None:
    assert ranked(Counter(dict.fromkeys(KINDS[:6], 1))) == KINDS[:6]
    assert ranked(Counter({**dict.fromkeys(KINDS[:7], 1), "kind-6": 9})) == [
        "kind-6",
        "kind-0",
        "kind-1",
        "kind-2",
        "kind-3",
        OTHERS,
    ]


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 59).map(lambda n: FIRST + timedelta(days=n)), st.sampled_from(KINDS)),
        st.integers(1, 500),
    )
)
def test_nothing_is_lost_and_nothing_stands_out_of_the_picture(counts: dict[tuple[date, str], int]) -> None:
    kinds: Counter[str] = Counter()
    for (_, kind), count in counts.items():
        kinds[kind] += count
    drawn = bars(counts, period(60), ranked(kinds))
    assert sum(part.count for bar in drawn for part in bar.parts) == sum(counts.values())
    for bar in drawn:
        assert sum(part.count for part in bar.parts) == bar.total
        bottom = 100.0
        for part in bar.parts:
            assert part.top + part.height == pytest.approx(bottom, abs=0.01)
            bottom = part.top
        assert bottom >= -0.02

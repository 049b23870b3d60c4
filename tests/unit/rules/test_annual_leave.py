"""Annual leave: 12 days, 18 with what was left, 24 after two years unused; counted in the person's own working days."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.rules.codes import Code
from collector.rules.leave import annual_leave, leave_days, taken_days
from tests.unit.rules.scene import WHO, rulebook

LONG_AGO = date(2010, 3, 1)
BOOK = rulebook()


@pytest.mark.parametrize(
    ("taken", "right"),
    [
        ({2024: 12, 2025: 12}, 12),
        ({2024: 12, 2025: 10}, 14),
        ({2024: 12, 2025: 6}, 18),
        ({2024: 12, 2025: 3}, 18),
        ({2024: 12, 2025: 0}, 18),
        ({2024: 0, 2025: 0}, 24),
        ({2023: 12, 2024: 0, 2025: 1}, 18),
        ({}, 12),
        ({2024: 0}, 12),
        ({2023: 12, 2024: 12, 2025: 18}, 12),
    ],
)
def test_what_may_be_taken_in_2026(taken: dict[int, int], right: int) -> None:
    assert annual_leave(2026, LONG_AGO, taken).right == right


def test_what_was_carried_over_is_used_first() -> None:
    # 2024 left six days; of the 14 taken in 2025 six were those, eight of 2025's own, so four are left over.
    assert annual_leave(2026, LONG_AGO, {2023: 12, 2024: 6, 2025: 14}).right == 12 + 4


def test_a_right_begins_after_one_year_of_service() -> None:
    joined = date(2025, 11, 3)
    assert annual_leave(2025, joined, {}).right == 0
    first = annual_leave(2026, joined, {2026: 2})
    assert (first.right, first.left, first.since) == (12, 10, date(2026, 11, 3))
    assert annual_leave(2027, joined, {2026: 12}).since == date(2027, 1, 1)


def test_who_began_on_a_leap_day_has_a_right_a_year_later() -> None:
    assert annual_leave(2025, date(2024, 2, 29), {}).since == date(2025, 3, 1)


def test_a_year_of_long_leave_has_no_annual_leave() -> None:
    year = annual_leave(2026, LONG_AGO, {}, long_leave=frozenset({2026}))
    assert (year.right, year.since) == (0, None)
    assert annual_leave(2027, LONG_AGO, {}, long_leave=frozenset({2026})).right == 12


def test_joint_leave_that_was_worked_is_given_on_top() -> None:
    assert annual_leave(2026, LONG_AGO, {2024: 12, 2025: 12}, added={2026: 3}).right == 15


def test_more_taken_than_the_right_shows_below_zero() -> None:
    assert annual_leave(2026, LONG_AGO, {2024: 12, 2025: 12, 2026: 13}).left == -1


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.integers(2015, 2025), st.integers(0, 24)))
def test_the_right_is_never_outside_12_and_24(taken: dict[int, int]) -> None:
    assert 12 <= annual_leave(2026, LONG_AGO, taken).right <= 24


def test_leave_costs_working_days_alone() -> None:
    # Thu 14 May is a holiday, Fri 15 joint leave, then a weekend.
    days = leave_days(WHO["PNS"], date(2026, 5, 11), date(2026, 5, 19), BOOK)
    assert [day.day for day in days] == [11, 12, 13, 18, 19]
    assert [day.day for day in leave_days(WHO["guru"], date(2026, 5, 8), date(2026, 5, 11), BOOK)] == [8, 9, 11]


def test_days_before_service_cost_nothing() -> None:
    assert leave_days(WHO["PNS"], date(2019, 12, 30), date(2019, 12, 31), BOOK) == []


def test_two_letters_for_a_day_cost_one_day_and_other_leave_costs_none() -> None:
    spans = [
        (Code.CT, date(2026, 5, 4), date(2026, 5, 6)),
        (Code.CT, date(2026, 5, 6), date(2026, 5, 7)),
        (Code.CS, date(2026, 5, 11), date(2026, 5, 12)),
    ]
    assert taken_days(WHO["PNS"], spans, 2026, BOOK) == 4
    assert taken_days(WHO["PNS"], spans, 2025, BOOK) == 0

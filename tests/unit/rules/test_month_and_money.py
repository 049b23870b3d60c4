"""From days to a recap, to rupiah, and to a correction list after the month is closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.rules.codes import Code, State
from collector.rules.day import DayResult, judge_day
from collector.rules.evidence import Evidence
from collector.rules.money import deduction
from collector.rules.month import corrections, recap, unsettled
from collector.rules.ready import TPP
from collector.rules.ruleset import TppBase
from tests.unit.rules.scene import WHO, complete, rulebook, seen

BOOK = rulebook()
PNS = WHO["PNS"]
# The worked example: 2 TL1, TL3, PSW4 without check-out, TA, TK, each on a day of its own.
WORKED = {
    date(2026, 5, 5): ("07:40", "16:00"),
    date(2026, 5, 6): ("08:00", "16:00"),
    date(2026, 5, 7): ("08:31", "16:00"),
    date(2026, 5, 12): ("07:20",),
    date(2026, 5, 4): ("05:45", "16:00"),
    date(2026, 5, 13): (),
    date(2026, 5, 8): ("07:20", "16:30"),
}


def judged(month: dict[date, tuple[str, ...]]) -> list[DayResult]:
    return [judge_day(PNS, day, seen(day, *clocks), BOOK) for day, clocks in month.items()]


def test_the_worked_example_is_8_75_percent_and_87_500_rupiah() -> None:
    month = recap(PNS.id, judged(WORKED))
    assert [month.count(code) for code in (Code.TL1, Code.TL3, Code.PSW4, Code.TA, Code.TK)] == [2, 1, 1, 1, 1]
    assert month.percent == Decimal("8.75")
    taken = deduction(Decimal(2_500_000), month.percent, TPP, month.working_days)
    assert (taken.base, taken.amount) == (Decimal(1_000_000), Decimal(87_500))


def test_a_recap_counts_days_events_and_minutes() -> None:
    month = recap(PNS.id, judged(WORKED))
    assert (month.working_days, month.count(Code.H)) == (7, 6)
    assert (month.no_check_in, month.no_check_out) == (0, 1)
    assert (month.minutes_late, month.minutes_early) == (10 + 30 + 61, 225)
    assert month.rules == ("perpres-21-2023/1",)
    assert not month.unsettled


@settings(max_examples=15, deadline=None)
@given(st.permutations(judged(WORKED)))
def test_a_recap_is_the_same_in_any_order(days: list[DayResult]) -> None:
    assert recap(PNS.id, days) == recap(PNS.id, judged(WORKED))


def test_two_results_of_one_date_are_refused() -> None:
    first = judged(WORKED)[0]
    with pytest.raises(ValueError, match="two different results for 2026-05-05"):
        recap(PNS.id, [first, replace(first, minutes_late=1)])


@pytest.mark.parametrize(
    ("base", "percent", "expected"),
    [
        (TppBase.WHOLE, "8.75", 218_750),
        (TppBase.DISCIPLINE, "8.75", 87_500),
        (TppBase.DAY, "8.75", 10_938),  # 2,500,000 / 20 = 125,000; 10,937.50 rounds half up
        (TppBase.DISCIPLINE, "0", 0),
        (TppBase.DISCIPLINE, "130", 1_000_000),  # never more than all of it
    ],
)
def test_the_base_and_the_cap_are_settings(base: TppBase, percent: str, expected: int) -> None:
    taken = deduction(Decimal(2_500_000), Decimal(percent), replace(TPP, base=base), 20)
    assert taken.amount == expected


def test_money_never_meets_a_float() -> None:
    taken = deduction(Decimal(3_333_333), Decimal("0.5"), TPP, 22)
    assert isinstance(taken.amount, Decimal)
    assert taken.amount == Decimal(6667)  # 1,333,333.2 x 0.5 % = 6,666.666


@pytest.mark.parametrize(("allowance", "percent"), [(-1, 1), (1, -1)])
def test_nothing_is_below_zero(allowance: int, percent: int) -> None:
    with pytest.raises(ValueError, match="neither can be below zero"):
        deduction(Decimal(allowance), Decimal(percent), TPP, 20)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 50_000_000), st.decimals(0, 200, places=2), st.integers(0, 26))
def test_a_deduction_never_exceeds_its_base(allowance: int, percent: Decimal, days: int) -> None:
    for base in TppBase:
        taken = deduction(Decimal(allowance), percent, replace(TPP, base=base), days)
        assert 0 <= taken.amount <= taken.base <= allowance


def test_late_records_of_a_closed_month_become_a_correction() -> None:
    day = date(2026, 5, 13)
    closed = judged(WORKED)
    found = corrections(closed, judged({**WORKED, day: ("07:25", "16:00")}))
    assert [(each.day, each.then.codes, each.now.codes, each.percent) for each in found] == [
        (day, (Code.TK,), (Code.H,), Decimal(-3))
    ]


def test_a_closed_month_derived_again_from_the_same_records_has_no_correction() -> None:
    assert corrections(judged(WORKED), judged(WORKED)) == []


def test_a_day_that_is_open_again_waits() -> None:
    day = date(2026, 5, 13)
    waiting = judge_day(PNS, day, Evidence(kiosks=(replace(complete(day), complete_until=None),)), BOOK)
    assert waiting.state is State.OPEN
    again = [result for result in judged(WORKED) if result.day != day]
    assert corrections(judged(WORKED), [*again, waiting]) == []


def test_a_closed_day_that_was_not_derived_again_is_an_error() -> None:
    with pytest.raises(ValueError, match="derive the whole month"):
        corrections(judged(WORKED), judged(WORKED)[1:])


def test_what_keeps_a_month_open_is_listed_by_date() -> None:
    days = [date(2026, 5, 5) + timedelta(days=count) for count in range(3)]
    waiting = [judge_day(PNS, day, Evidence(), BOOK) for day in reversed(days)]
    assert [result.day for result in unsettled([*waiting, *judged(WORKED)])] == days
    assert recap(PNS.id, waiting).unsettled == tuple(days)

"""Days absent in a calendar year, ten in a row, minutes that add up to days; and the warning before a paragraph."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from collector.rules.codes import Code, State
from collector.rules.day import DayResult
from collector.rules.discipline import notices, standing
from collector.rules.ready import PP_94_2021

MONDAY = date(2026, 5, 4)


def day(on: date, code: Code, minutes: int = 0, state: State = State.FINAL) -> DayResult:
    working = code is not Code.LB
    return DayResult(
        person="p1", day=on, state=state, codes=(code,), working=working, minutes_late=minutes, percent=Decimal(0)
    )


def absences(count: int, since: date = MONDAY) -> list[DayResult]:
    """So many working days absent one after another, weekends off between them."""
    days = (since + timedelta(days=number) for number in range(count * 2 + 7))
    told, left = [], count
    for on in days:
        weekend = on.weekday() >= 5
        if not weekend and not left:
            break
        told.append(day(on, Code.LB if weekend else Code.TK))
        left -= not weekend
    return told


@pytest.mark.parametrize(
    ("days", "reached"),
    [
        *[(2, None), (3, 3), (4, 4), (6, 4), (7, 7), (10, 7), (11, 11), (13, 11), (14, 14), (16, 14), (17, 17)],
        *[(20, 17), (21, 21), (24, 21), (25, 25), (27, 25), (28, 28), (60, 28)],
    ],
)
def test_every_boundary_of_the_ladder(days: int, reached: int | None) -> None:
    scattered = [day(MONDAY + timedelta(days=2 * count), Code.TK) for count in range(days)]
    between = [day(MONDAY + timedelta(days=2 * count + 1), Code.H) for count in range(days)]
    where = standing("p1", 2026, scattered + between, PP_94_2021)
    held = [notice.rung for notice in notices(where, PP_94_2021) if notice.reached]
    assert [rung.least for rung in held] == ([] if reached is None else [reached])


@pytest.mark.parametrize(("minutes", "days"), [(449, 0), (450, 1), (899, 1), (900, 2)])
def test_450_minutes_late_or_early_are_one_day(minutes: int, days: int) -> None:
    where = standing(
        "p1",
        2026,
        [day(MONDAY, Code.H, minutes // 2), day(date(2026, 9, 1), Code.H, minutes - minutes // 2)],
        PP_94_2021,
    )
    assert (where.minutes, where.days, where.absent) == (minutes, days, 0)


def test_weekends_do_not_break_a_row_of_ten() -> None:
    where = standing("p1", 2026, absences(10), PP_94_2021)
    assert where.longest_row == 10
    in_row = [notice for notice in notices(where, PP_94_2021) if notice.rung.in_row]
    assert [notice.reached for notice in in_row] == [True]
    assert "10 hari kerja terus-menerus" in in_row[0].rung.paragraph


def test_a_day_of_presence_or_leave_breaks_the_row() -> None:
    for code in (Code.H, Code.CS):
        broken = [each if each.day != MONDAY + timedelta(days=8) else day(each.day, code) for each in absences(10)]
        assert standing("p1", 2026, broken, PP_94_2021).longest_row == 6


def test_a_row_may_begin_in_the_old_year_but_its_days_count_in_their_own() -> None:
    row = absences(10, date(2025, 12, 29))
    assert standing("p1", 2026, row, PP_94_2021).longest_row == 10
    assert standing("p1", 2026, row, PP_94_2021).absent == 7
    assert standing("p1", 2025, row, PP_94_2021).absent == 3


def test_a_row_wholly_in_the_old_year_does_not_touch_the_new_one() -> None:
    row = [*absences(10, date(2025, 12, 1)), day(date(2026, 1, 2), Code.H)]
    assert standing("p1", 2026, row, PP_94_2021).longest_row == 0


def test_open_days_and_days_in_review_count_nothing() -> None:
    for state in (State.OPEN, State.REVIEW):
        assert standing("p1", 2026, [day(MONDAY, Code.TK, 9, state)], PP_94_2021).days == 0


@pytest.mark.parametrize(("days", "missing"), [(1, [2]), (2, [1]), (3, [0, 1]), (8, [0]), (9, [0, 2]), (28, [0])])
def test_people_are_warned_before_a_paragraph_is_reached(days: int, missing: list[int]) -> None:
    scattered = [day(date(2026, 1, 1) + timedelta(days=2 * count), Code.TK) for count in range(days)]
    between = [day(date(2026, 1, 2) + timedelta(days=2 * count), Code.H) for count in range(days)]
    told = notices(standing("p1", 2026, scattered + between, PP_94_2021), PP_94_2021)
    assert [notice.missing for notice in told] == missing


def test_nobody_without_a_day_is_warned() -> None:
    assert notices(standing("p1", 2026, [], PP_94_2021), PP_94_2021) == []


def test_the_ladder_names_paragraphs_and_no_punishment() -> None:
    words = " ".join(rung.paragraph.lower() for rung in PP_94_2021.rungs)
    assert words.count("pasal") == len(PP_94_2021.rungs)
    assert not any(word in words for word in ("teguran", "potong", "turun", "berhenti", "pecat", "hukuman"))

"""The officer's table of worked days: what stands in `tests/fixtures/day_cases.md` is what the centre does."""

from __future__ import annotations

import pytest

from collector.rules.day import judge_day
from collector.rules.evidence import Evidence
from collector.rules.touching import permits_of
from collector.rules.workday import work_day
from tests.unit.rules.day_case import Case, read_cases

CASES = read_cases()


def _hours(case: Case) -> str:
    assignment = case.person.assigned(case.day)
    if assignment is None:
        return "-"
    rules = case.book.rules(case.person.category, assignment.units, case.day)
    partly = [permit for permit in permits_of(case.person, case.evidence, case.day) if permit.hours]
    asked = work_day(case.person, case.day, rules, case.book.holiday(assignment.units, case.day), partly)
    return f"{asked.duty.hours.start:%H:%M}-{asked.duty.hours.end:%H:%M}" if asked.duty else "-"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number}-{case.why[:40]}")
def test_a_day_becomes_what_the_table_says(case: Case) -> None:
    result = judge_day(case.person, case.day, case.evidence, case.book)
    assert _hours(case) == case.hours
    assert (result.codes, result.minutes_late, result.minutes_early, result.percent, result.state) == (
        case.codes,
        case.late,
        case.early,
        case.percent,
        case.state,
    ), f"row {case.number}: {case.why}; reasons: {result.reasons}"


def test_the_table_is_numbered_from_one_without_a_gap() -> None:
    assert [case.number for case in CASES] == [str(number) for number in range(1, len(CASES) + 1)]
    assert len(CASES) >= 60


def test_whoever_loses_something_is_told_why() -> None:
    for case in CASES:
        result = judge_day(case.person, case.day, case.evidence, case.book)
        assert result.reasons or not (result.faults or result.state != "final"), f"row {case.number}"


def test_presence_without_a_look_names_what_excuses() -> None:
    for case in CASES:
        result = judge_day(case.person, case.day, case.evidence, case.book)
        if result.codes[:1] == ("H",) and not (result.in_record and result.out_record):
            assert result.reasons, f"row {case.number}"


def test_nothing_known_of_any_kiosk_is_no_absence() -> None:
    case = CASES[0]
    result = judge_day(case.person, case.day, Evidence(), case.book)
    assert result.state == "review"
    assert not result.faults

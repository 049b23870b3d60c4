"""Which rules hold: one answer for each category, unit and date, or an error that names what clashes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from collector.rules.codes import Category
from collector.rules.document import RULE_SET, digest
from collector.rules.errors import NoRuleSetError, OverlapError, PastChangeError
from collector.rules.ready import LUMAJANG_RAMADAN_1447, PERPRES_21_2023, STANDING, perpres_ramadan
from collector.rules.rulebook import Holiday, Rulebook, overlaps, succeed
from tests.unit.rules.scene import ELSEWHERE, OPD, PUBLISHED, TUESDAY, UNIT

HERE = (UNIT, OPD)
RAMADAN = date(2026, 3, 3)
TODAY = date(2026, 5, 5)


def test_a_special_period_speaks_before_the_standing_hours() -> None:
    book = Rulebook(STANDING)
    assert book.rules(Category.PNS, HERE, RAMADAN) == LUMAJANG_RAMADAN_1447
    assert book.rules(Category.PNS, HERE, TUESDAY) == PERPRES_21_2023


def test_the_first_and_the_last_day_of_a_validity_belong_to_it() -> None:
    book = Rulebook(STANDING)
    since, until = LUMAJANG_RAMADAN_1447.since, LUMAJANG_RAMADAN_1447.until
    assert until is not None
    days = [since - timedelta(1), since, until, until + timedelta(1)]
    assert [book.rules(Category.PNS, HERE, day).layer for day in days] == [0, 1, 1, 0]


def test_the_nearest_unit_speaks_before_the_opd_and_both_before_all() -> None:
    of_opd = replace(PERPRES_21_2023, id="opd", units=(OPD,))
    of_unit = replace(PERPRES_21_2023, id="unit", units=(UNIT,))
    book = Rulebook([PERPRES_21_2023, of_opd, of_unit])
    found = [book.rules(Category.PNS, path, TUESDAY).id for path in (HERE, ("bkd-umum", OPD), (ELSEWHERE,))]
    assert found == ["unit", "opd", PERPRES_21_2023.id]


def test_rules_made_for_a_category_speak_before_those_for_all() -> None:
    teachers = replace(PERPRES_21_2023, id="teachers", categories=(Category.HONORER_GURU,))
    book = Rulebook([PERPRES_21_2023, teachers])
    assert book.rules(Category.HONORER_GURU, HERE, TUESDAY).id == "teachers"
    assert book.rules(Category.PNS, HERE, TUESDAY).id == PERPRES_21_2023.id


def test_two_rule_sets_of_the_same_rank_are_refused_and_both_named() -> None:
    twin = replace(PERPRES_21_2023, id="twin")
    with pytest.raises(OverlapError, match=r"perpres-21-2023/1 and twin/1 .* end one before the other begins"):
        Rulebook([PERPRES_21_2023, twin]).rules(Category.PNS, HERE, TUESDAY)


def test_no_rule_set_is_an_error_that_names_the_date() -> None:
    with pytest.raises(NoRuleSetError, match="2019-01-02 for pns in unit bkd-mutasi: enter one"):
        Rulebook(STANDING).rules(Category.PNS, HERE, date(2019, 1, 2))


@pytest.mark.parametrize(
    ("change", "clashes"),
    [
        ({}, True),
        ({"since": date(2030, 1, 1)}, True),
        ({"units": (OPD,)}, False),
        ({"categories": (Category.PNS,)}, False),
        ({"until": date(2023, 4, 11), "since": date(2022, 1, 1)}, False),
        ({"until": date(2023, 4, 12), "since": date(2022, 1, 1)}, True),
    ],
)
def test_clashes_are_found_before_a_change_is_stored(change: dict[str, object], clashes: bool) -> None:
    twin = replace(PERPRES_21_2023, id="twin", **change)  # type: ignore[arg-type]
    assert bool(overlaps([PERPRES_21_2023, twin])) is clashes


def test_a_found_clash_is_exactly_what_choosing_refuses() -> None:
    some = replace(PERPRES_21_2023, id="some", categories=(Category.PNS, Category.PPPK))
    others = replace(PERPRES_21_2023, id="others", categories=(Category.PPPK,))
    assert overlaps([some, others, PERPRES_21_2023]) == [(others, some)]
    with pytest.raises(OverlapError):
        Rulebook([some, others, PERPRES_21_2023]).rules(Category.PPPK, HERE, TUESDAY)


def test_a_change_ends_the_older_version_on_the_day_before() -> None:
    change = replace(PERPRES_21_2023, version=2, since=date(2026, 6, 1))
    old, new = succeed([PERPRES_21_2023], change, TODAY)
    assert (old.until, new) == (date(2026, 5, 31), change)
    book = Rulebook([old, new])
    assert [book.rules(Category.PNS, HERE, date(2026, *day)).version for day in ((5, 31), (6, 1))] == [1, 2]


def test_a_version_that_had_not_begun_is_replaced() -> None:
    planned = replace(PERPRES_21_2023, version=2, since=date(2026, 7, 1))
    better = replace(planned, version=3, since=date(2026, 6, 1))
    after = succeed(succeed([PERPRES_21_2023], planned, TODAY), better, TODAY)
    assert [(rules.version, rules.since) for rules in after] == [(1, date(2023, 4, 12)), (3, date(2026, 6, 1))]


@pytest.mark.parametrize(
    ("confirmed", "why", "allowed"), [(0, "", False), (1, "SE 1", False), (2, " ", False), (2, "SE 1", True)]
)
def test_today_and_the_past_change_only_with_two_confirmations_and_a_reason(
    confirmed: int, why: str, allowed: bool
) -> None:
    change = replace(PERPRES_21_2023, version=2, since=TODAY)
    if allowed:
        assert succeed([PERPRES_21_2023], change, TODAY, confirmed, why)[-1] == change
    else:
        with pytest.raises(PastChangeError, match="would begin on 2026-05-05, and today is 2026-05-05"):
            succeed([PERPRES_21_2023], change, TODAY, confirmed, why)


def test_a_change_that_clashes_is_refused() -> None:
    with pytest.raises(OverlapError):
        succeed(STANDING, perpres_ramadan(1447, date(2026, 3, 1), date(2026, 3, 20)), date(2026, 1, 1))


def test_published_hours_are_not_checked_against_the_weeks_total() -> None:
    week = LUMAJANG_RAMADAN_1447.pattern("five-day")
    assert Rulebook([LUMAJANG_RAMADAN_1447]).rules(Category.PNS, HERE, RAMADAN).pattern("five-day") == week


def test_an_unknown_pattern_is_named_with_the_known_ones() -> None:
    with pytest.raises(LookupError, match="no pattern 'nights': add it, or give the person one of five-day, six-day"):
        PERPRES_21_2023.pattern("nights")


@pytest.mark.parametrize("rules", [*STANDING, perpres_ramadan(1448, date(2027, 2, 8), date(2027, 3, 9))])
def test_a_rule_set_is_stored_and_read_back_to_the_byte(rules: object) -> None:
    stored = RULE_SET.encode(rules)  # type: ignore[arg-type]
    assert RULE_SET.decode(stored) == rules
    assert RULE_SET.encode(RULE_SET.decode(stored)) == stored


def test_any_change_of_a_rule_set_changes_its_digest() -> None:
    assert digest(PERPRES_21_2023) != digest(replace(PERPRES_21_2023, version=2))


def test_the_nearest_override_speaks_before_the_published_list() -> None:
    day = date(2026, 5, 15)
    here = Holiday(day=day, name="pelayanan tetap buka", decree="188.45/7/2026", units=(UNIT,), works=True)
    of_all = Holiday(day=day, name="cuti bersama daerah", decree="188.45/8/2026", joint=True)
    book = Rulebook(STANDING, PUBLISHED, [of_all, here])
    assert book.holiday(HERE, day) is None
    assert book.holiday((ELSEWHERE,), day) == of_all
    published = Rulebook(STANDING, PUBLISHED).holiday(HERE, day)
    assert published is not None
    assert published.joint


def test_the_published_list_of_2026_has_seventeen_holidays_and_eight_days_of_joint_leave() -> None:
    book = Rulebook(STANDING, PUBLISHED)
    year = [book.holiday(HERE, date(2026, 1, 1) + timedelta(days=count)) for count in range(365)]
    joint = [holiday.joint for holiday in year if holiday is not None]
    assert (joint.count(False), joint.count(True)) == (17, 8)

"""Rules are changed by two people, dated, looked at beforehand, and never for the past by accident."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.judging import book, changing
from collector.judging.changing import Decision
from collector.judging.errors import FourEyesError, RuleChangeError
from collector.judging.preview import preview
from collector.judging.run import judge_marked, open_days
from collector.rules.codes import Category, Code
from collector.rules.errors import OverlapError, PastChangeError
from collector.rules.hours import Hours
from collector.rules.ready import PERPRES_21_2023, five_days
from collector.rules.rulebook import Holiday
from collector.rules.ruleset import RuleSet
from collector.store.hours import StoredHoliday
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.at_once import at_once
from tests.fixtures.judged_office import NOW, WEEK, Wall, at, hours, judge, open_week, results, settle

TODAY = date(2026, 1, 9)
MONDAY = WEEK[0]
SEVEN = Hours(start=time(7), end=time(16), break_minutes=60)


def earlier(since: date, version: int = 2, start: Hours = SEVEN) -> RuleSet:
    """The standing hours, from seven o'clock."""
    return replace(
        PERPRES_21_2023,
        version=version,
        since=since,
        patterns=(five_days(start, start), *PERPRES_21_2023.patterns[1:]),
        decree="Perbup 1/2026",
    )


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as centre:
        wall = Wall(FakeKiosk("kiosk-1"), booted=at(MONDAY, "00:00"))
        settle(centre, wall.kiosk)
        open_week(centre)
        for on in WEEK[:4]:
            hours(wall, on, 0, 6)
            wall.look(on, "07:20", "p-1")
            hours(wall, on, 7, 15)
            wall.look(on, "16:35", "p-1")
            hours(wall, on, 16)
        wall.beat(WEEK[4], "08:00")
        centre.take(*wall.messages())
        judge(centre)
        yield centre


def codes(centre: Centre, on: date) -> tuple[Code, ...]:
    return results(centre)["p-1", on].codes


def test_the_ready_rule_sets_are_there_once_and_approved(centre: Centre) -> None:
    with centre.writer.transaction() as connection:
        book.install(connection, NOW)
        rows = book.approved(connection)
    assert [row.id for row in rows] == ["perpres-21-2023", "lumajang-ramadan-1447"]
    assert {row["approved_by"] for row in centre.rows("rule_sets")} == {"bawaan"}


def test_who_proposed_cannot_approve(centre: Centre) -> None:
    with centre.writer.transaction() as connection:
        name = changing.propose(connection, earlier(date(2026, 2, 1)), "Ani", NOW)
        with pytest.raises(FourEyesError, match="somebody else"):
            changing.approve(connection, name, Decision("ani ", NOW))
        changing.approve(connection, name, Decision("Budi", NOW))
        rules = book.read_book(connection).rules
        with pytest.raises(RuleChangeError, match="approved"):
            changing.approve(connection, name, Decision("Cici", NOW))
    assert rules.rules(Category.PNS, ("DISDIK",), date(2026, 1, 31)).version == 1
    assert rules.rules(Category.PNS, ("DISDIK",), date(2026, 2, 1)).version == 2


def test_the_past_is_changed_only_when_confirmed_twice_with_a_reason(centre: Centre) -> None:
    with centre.writer.transaction() as connection:
        name = changing.propose(connection, earlier(TODAY), "Ani", NOW)
        for decision in (Decision("Budi", NOW), Decision("Budi", NOW, 1, "why"), Decision("Budi", NOW, 2, " ")):
            with pytest.raises(PastChangeError, match="confirm twice"):
                changing.approve(connection, name, decision)
        changing.withdraw(connection, name, "Ani", NOW)
        name = changing.propose(connection, earlier(WEEK[1], 3), "Ani", NOW)
        changing.approve(connection, name, Decision("Budi", NOW, 2, "SE Bupati berlaku surut"))
    judge(centre)
    assert codes(centre, MONDAY) == (Code.H,)
    assert codes(centre, WEEK[1]) == (Code.H, Code.TL1)
    assert {row["rules"] for row in centre.rows("day_results")} == {"perpres-21-2023/1", "perpres-21-2023/3"}


def test_a_change_that_clashes_or_skips_a_version_is_refused(centre: Centre) -> None:
    with centre.writer.transaction() as connection:
        with pytest.raises(RuleChangeError, match="number 2"):
            changing.propose(connection, earlier(date(2026, 2, 1), 4), "Ani", NOW)
        other = replace(earlier(date(2026, 2, 1), 1), id="perbup-1")
        name = changing.propose(connection, other, "Ani", NOW)
        with pytest.raises(OverlapError, match="both hold"):
            changing.approve(connection, name, Decision("Budi", NOW))
        with pytest.raises(RuleChangeError, match="no rule set"):
            changing.approve(connection, "perbup-1/x", Decision("Budi", NOW))


def test_what_has_begun_is_ended_and_never_withdrawn(centre: Centre) -> None:
    with centre.writer.transaction() as connection:
        with pytest.raises(RuleChangeError, match="newer version"):
            changing.withdraw(connection, "perpres-21-2023/1", "Budi", NOW)
        name = changing.propose(connection, earlier(date(2026, 2, 1)), "Ani", NOW)
        changing.approve(connection, name, Decision("Budi", NOW))
        changing.withdraw(connection, name, "Budi", NOW)
        rules = book.read_book(connection).rules
    assert rules.rules(Category.PNS, ("DISDIK",), date(2026, 3, 31)).version == 1


def test_a_change_is_shown_on_looks_that_were_made_before_it_applies(centre: Centre) -> None:
    before = centre.rows("day_results")
    with centre.writer.transaction() as connection:
        found = preview(connection, earlier(date(2026, 2, 1)), MONDAY, WEEK[3], TODAY)
        nothing = preview(
            connection, replace(PERPRES_21_2023, version=2, since=date(2026, 2, 1)), MONDAY, WEEK[3], TODAY
        )
    assert (found.newly_late, found.no_longer_late) == (("p-1",), ())
    assert [each.day for each in found.touched if each.person == "p-1"] == WEEK[1:4]  # known since Monday
    assert nothing.touched == ()
    assert centre.rows("day_results") == before


def test_a_decree_overrides_the_published_list_and_can_be_taken_back(centre: Centre) -> None:
    day_off = Holiday(day=MONDAY, name="Hari Jadi", decree="SK 1/2026", units=("DISDIK",))
    sure = Decision("Budi", NOW, 2, "terlambat diumumkan")
    with centre.writer.transaction() as connection:
        with pytest.raises(PastChangeError, match="confirm twice"):
            changing.add_holiday(connection, day_off, Decision("Budi", NOW))
        with pytest.raises(RuleChangeError, match="decree"):
            changing.add_holiday(connection, replace(day_off, decree=" "), sure)
        changing.add_holiday(connection, day_off, sure)
    judge(centre)
    assert codes(centre, MONDAY) == (Code.LB,)
    assert codes(centre, WEEK[1]) == (Code.H,)
    with centre.writer.transaction() as connection:
        number = connection.scalar(select(StoredHoliday.id).where(StoredHoliday.source == book.DECREE))
        assert number is not None
        changing.withdraw_holiday(connection, number, sure)
        with pytest.raises(RuleChangeError, match="no entry"):
            changing.withdraw_holiday(connection, number, sure)
    judge(centre)
    assert codes(centre, MONDAY) == (Code.H,)


def test_the_published_list_is_kept_as_it_was_when_the_year_was_first_judged(centre: Centre) -> None:
    with centre.writer.transaction() as connection:
        held = connection.execute(select(StoredHoliday.day, StoredHoliday.joint)).all()
        book.install_holidays(connection, [2026], NOW)
        assert connection.execute(select(StoredHoliday.day, StoredHoliday.joint)).all() == held
    assert (len([1 for _, joint in held if not joint]), len([1 for _, joint in held if joint])) == (17, 8)


def test_a_published_holiday_is_a_day_off(centre: Centre) -> None:
    open_days(centre.writer, [date(2026, 1, 1)], NOW)
    judge_marked(centre.writer, NOW)
    assert codes(centre, date(2026, 1, 1)) == (Code.LB,)


def test_of_two_who_decide_about_rules_at_once_the_second_meets_what_the_first_left(
    store_url: str, tmp_path: Path
) -> None:
    day = Holiday(day=date(2026, 12, 15), name="Hari Jadi", decree="SK 9")
    with opened(store_url, tmp_path) as centre:
        with centre.writer.transaction() as connection:
            book.install(connection, NOW)
            second = changing.propose(connection, earlier(date(2026, 2, 1)), "Ani", NOW)
            third = changing.propose(connection, earlier(date(2026, 2, 1), 3), "Ani", NOW)
            changing.add_holiday(connection, day, Decision("Ani", NOW))
            number = connection.scalar(select(StoredHoliday.id).where(StoredHoliday.decree == "SK 9")) or 0

        def approves(session: Session, name: str = second) -> None:
            changing.approve(session.connection(), name, Decision("Budi", NOW))

        def withdraws(session: Session) -> None:
            changing.withdraw(session.connection(), third, "Ani", NOW)

        def takes_back(session: Session) -> None:
            changing.withdraw_holiday(session.connection(), number, Decision("Budi", NOW))

        for first, late, says in (
            (approves, approves, "is approved"),
            (withdraws, partial(approves, name=third), "is withdrawn"),
            (takes_back, takes_back, "no entry"),
        ):
            with pytest.raises(RuleChangeError, match=says):
                at_once(centre, first, late).result(0)

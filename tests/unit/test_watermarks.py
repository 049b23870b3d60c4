"""A kiosk is complete up to what it can prove, and silence of a machine blames nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from collector.reports.day import Day
from collector.reports.fleet import Alarm, missed
from collector.reports.kiosks import FRESH, Health, KioskFacts, LastRecord, State
from collector.reports.looks import REPEAT, Look, by_day, grouped
from collector.reports.watermarks import BEHIND, ChainMark, Gap, is_behind, tail_gaps, watermark

WIB = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 1, 5, 0, 41, tzinfo=UTC)
TODAY = Day.holding(NOW, WIB)
HOUR = timedelta(hours=1)


def chain(
    name: str, upto: int, seen: int, complete_h: float | None, previous: tuple[str, int] | None = None
) -> ChainMark:
    complete = None if complete_h is None else NOW - complete_h * HOUR
    before, before_upto = previous or (None, None)
    first = NOW - (10 - ord(name) + ord("a")) * HOUR
    return ChainMark(name, upto, seen, complete, before, before_upto, first)


def test_a_day_is_the_local_one() -> None:
    assert Day.holding(datetime(2026, 1, 4, 17, 0, tzinfo=UTC), WIB).date == date(2026, 1, 5)
    assert Day.holding(datetime(2026, 1, 4, 16, 59, 59, tzinfo=UTC), WIB).date == date(2026, 1, 4)
    assert TODAY.end - TODAY.start == timedelta(days=1)


def test_one_chain_is_complete_up_to_its_heartbeat() -> None:
    assert watermark([chain("a", 9, 9, 1)]) == NOW - HOUR
    assert watermark([chain("a", 4, 9, 3)]) == NOW - 3 * HOUR
    assert watermark([]) is None


def test_a_new_chain_without_a_heartbeat_leaves_the_mark_where_it_was() -> None:
    assert watermark([chain("a", 9, 9, 2), chain("b", 1, 1, None, ("a", 9))]) == NOW - 2 * HOUR


@pytest.mark.parametrize("old", [chain("a", 7, 9, 5), chain("a", 7, 7, 5)])
def test_what_is_missing_of_an_old_chain_holds_the_kiosk_back(old: ChainMark) -> None:
    new = chain("b", 3, 3, 0, ("a", 9))
    assert watermark([new, old]) == NOW - 5 * HOUR


def test_what_a_successor_knows_of_is_a_gap() -> None:
    assert tail_gaps([chain("a", 7, 7, 5), chain("b", 1, 1, None, ("a", 9))]) == [Gap("a", 8, 9)]
    assert tail_gaps([chain("b", 1, 1, None, ("lost", 3))]) == [Gap("lost", 1, 3)]
    assert tail_gaps([chain("a", 9, 9, 5), chain("b", 1, 1, None, ("a", 9))]) == []


def test_behind_means_more_than_a_heartbeat_late() -> None:
    assert not is_behind(NOW - BEHIND, TODAY, NOW)
    assert is_behind(NOW - BEHIND - timedelta(seconds=1), TODAY, NOW)
    assert is_behind(None, TODAY, NOW)
    yesterday = Day.of(date(2026, 1, 4), WIB)
    assert not is_behind(yesterday.end, yesterday, NOW + timedelta(days=30))


GOOD = KioskFacts(
    id="k",
    unit="U",
    unit_name="Unit",
    scope="unit",
    retired_at=None,
    roster_version=1,
    health=Health(NOW, True, "0.1.0", "idle", 0, 1, None, None),
    chains=(chain("a", 9, 9, 0.5),),
    last=LastRecord(NOW, NOW, "ntp", 3),
    gaps=(),
    incidents=0,
    last_incident=None,
    set_aside=0,
)
assert GOOD.health is not None


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (GOOD, State.GOOD),
        (replace(GOOD, retired_at=NOW), State.RETIRED),
        (replace(GOOD, health=None, last=None), State.NEVER),
        (replace(GOOD, health=None), State.GOOD),
        (replace(GOOD, health=replace(GOOD.health, online=False)), State.OFFLINE),
        (replace(GOOD, health=replace(GOOD.health, state="out-of-service")), State.OUT_OF_SERVICE),
        (replace(GOOD, gaps=(Gap("a", 2, 3),)), State.BEHIND),
        (replace(GOOD, chains=()), State.BEHIND),
        (replace(GOOD, incidents=1, last_incident=NOW - HOUR), State.INCIDENT),
        (replace(GOOD, incidents=1, last_incident=NOW - FRESH), State.GOOD),
    ],
)
def test_a_kiosk_in_one_word(facts: KioskFacts, state: State) -> None:
    assert facts.state(TODAY, NOW, missed=False) is state


def test_a_kiosk_is_silent_when_its_alarm_says_so_and_quiet_when_nobody_misses_it() -> None:
    later = NOW + 2 * HOUR
    assert GOOD.state(Day.holding(later, WIB), later, missed=True) is State.SILENT
    assert GOOD.state(Day.holding(later, WIB), later, missed=False) is State.QUIET
    gone = replace(GOOD, health=replace(GOOD.health, online=False))
    assert gone.state(TODAY, NOW, missed=True) is State.SILENT, "within minutes, in working hours"


def test_who_has_spoken_since_it_fell_silent_is_missed_no_more() -> None:
    """The alarm ends at the next look, up to a minute later; a kiosk that is just set up has one until its first word."""
    open_, over = Alarm("k", "silent", NOW, None), Alarm("k", "silent", NOW, NOW + HOUR)
    assert missed([Alarm("k", "disk", NOW, None), open_], NOW - HOUR)
    assert missed([open_], None)
    assert not missed([open_], NOW + timedelta(seconds=1))
    assert missed([open_], replace(GOOD, health=replace(GOOD.health, online=False)).heard_at), (
        "the broker's word, not its own"
    )
    assert GOOD.heard_at == NOW
    assert not missed([over, Alarm("k", "disk", NOW, None)], NOW - HOUR)


def look(minutes: float, kiosk: str = "k", seq: int = 1) -> Look:
    at = NOW + timedelta(minutes=minutes)
    return Look(kiosk, "a", seq, at, "p", "Siti", "U", "Unit", "face", 0.8, "ntp", 3, at)


def test_repeats_fold_into_the_first_look_and_a_later_one_stands_alone() -> None:
    groups = grouped([look(0), look(1.5), look(4.9), look(REPEAT.total_seconds() / 60 + 0.1)])
    assert [len(group.repeats) for group in groups] == [2, 0]


def test_a_look_at_another_kiosk_is_no_repeat() -> None:
    assert [len(group.repeats) for group in grouped([look(0), look(1, "other"), look(2)])] == [1, 0]


def test_days_are_local_newest_first_and_any_order_gives_the_same() -> None:
    looks = [look(0), look(-60 * 8), look(60)]
    days = by_day(looks, WIB)
    assert [day for day, _ in days] == [date(2026, 1, 5), date(2026, 1, 4)]
    assert by_day(looks[::-1], WIB) == days

"""What is wrong with a kiosk, and what is no reason to run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from collector.fleet.alarms import (
    BACKLOG,
    CERTIFICATE,
    DISK_MIB,
    HOT_C,
    NO_FRAME_AFTER,
    ROSTER_AFTER,
    SILENT_AFTER,
    SILENT_BY_STICK,
    AlarmKind,
    Surroundings,
    alarms,
)
from collector.fleet.trend import ENOUGH, DayScores, Trend, trend
from collector.reports.kiosks import FRESH, Health, KioskFacts, LastRecord

NOW = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HEALTH = Health(NOW, True, "0.1.0", "running", 0, 4, 51.0, 20_000, (), NOW, NOW + 2 * CERTIFICATE)
GOOD = KioskFacts("k", "U", "Unit", "unit", None, 4, HEALTH, (), LastRecord(NOW, NOW, "ntp", 3), (), 0, None, 0)
AROUND = Surroundings(
    working=True,
    by_stick=False,
    registered_at=NOW - 2 * ROSTER_AFTER,
    roster_at=NOW - 2 * ROSTER_AFTER,
    trend=None,
)


def facts(**health: Any) -> KioskFacts:
    return replace(GOOD, health=replace(HEALTH, **health))


def kinds(one: KioskFacts, around: Surroundings = AROUND, now: datetime = NOW) -> set[str]:
    return {kind.value for kind in alarms(one, around, now)}


def test_a_good_kiosk_has_none() -> None:
    assert kinds(GOOD) == set()


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (facts(state="out-of-service"), "out-of-service"),
        (facts(last_frame_at=NOW - NO_FRAME_AFTER - SECOND), "no-frames"),
        (facts(certificate_until=NOW + CERTIFICATE - SECOND), "certificate"),
        (facts(disk_free_mib=DISK_MIB - 1), "disk"),
        (facts(throttled=("under-voltage",)), "power"),
        (facts(throttled=("hot",)), "hot"),
        (facts(temperature_c=HOT_C), "hot"),
        (facts(backlog=BACKLOG + 1), "backlog"),
        (facts(roster_version=3), "roster"),
        (replace(GOOD, last=LastRecord(NOW, NOW, "none", None)), "clock"),
        (replace(GOOD, last_incident=NOW - FRESH + SECOND), "incident"),
    ],
)
def test_one_thing_wrong_is_one_alarm(one: KioskFacts, kind: str) -> None:
    assert kinds(one) == {kind}


@pytest.mark.parametrize(
    "one",
    [
        facts(last_frame_at=NOW - NO_FRAME_AFTER),
        facts(last_frame_at=None, certificate_until=None, disk_free_mib=None, temperature_c=None),
        facts(certificate_until=NOW + CERTIFICATE),
        facts(disk_free_mib=DISK_MIB, backlog=BACKLOG),
        facts(throttled=("under-voltage-before", "hot-before")),
        replace(GOOD, last_incident=NOW - FRESH),
    ],
)
def test_what_is_within_its_bound_is_none(one: KioskFacts) -> None:
    assert kinds(one) == set()


def test_a_kiosk_is_missed_when_people_come_and_not_at_night() -> None:
    late = NOW + SILENT_AFTER + SECOND
    assert kinds(GOOD, now=NOW + SILENT_AFTER) == set()
    assert kinds(GOOD, now=late) == {"silent"}
    assert kinds(GOOD, replace(AROUND, working=False), late) == set()
    assert kinds(replace(GOOD, health=None, last=None)) == {"silent"}


def test_a_kiosk_that_is_being_set_up_is_waited_for_as_long_as_any_other() -> None:
    new, unheard = replace(AROUND, registered_at=NOW), replace(GOOD, health=None, last=None)
    assert kinds(unheard, new, NOW + SILENT_AFTER) == set()
    assert kinds(unheard, new, NOW + SILENT_AFTER + SECOND) == {"silent"}


def test_a_school_without_a_network_has_a_month() -> None:
    stick = replace(AROUND, by_stick=True)
    gone = replace(GOOD, health=replace(HEALTH, online=False))
    assert kinds(gone, stick, NOW + SILENT_BY_STICK) == set()
    assert kinds(gone, stick, NOW + SILENT_BY_STICK + SECOND) == {"silent"}
    assert kinds(replace(GOOD, health=None, last=None), stick) == set()


def test_what_a_kiosk_said_before_it_fell_silent_is_old_news() -> None:
    gone = facts(online=False, state="out-of-service", disk_free_mib=1)
    assert kinds(gone) == set()
    assert kinds(gone, now=NOW + timedelta(hours=1)) == {"silent"}


def test_what_a_stick_told_of_disk_and_clock_stands_until_somebody_comes() -> None:
    school = replace(AROUND, by_stick=True)
    told = facts(
        online=False, disk_free_mib=DISK_MIB - 1, state="out-of-service", temperature_c=HOT_C, roster_version=3
    )
    assert kinds(told, school, NOW + timedelta(days=20)) == {"disk"}
    dead_battery = replace(facts(online=False), last=LastRecord(NOW, NOW, "none", None))
    assert kinds(dead_battery, school, NOW + timedelta(days=20)) == {"clock"}


def test_out_of_service_at_night_wakes_nobody() -> None:
    assert kinds(facts(state="out-of-service"), replace(AROUND, working=False)) == set()


def test_a_roster_needs_its_time_to_arrive() -> None:
    assert kinds(facts(roster_version=3), replace(AROUND, roster_at=NOW - ROSTER_AFTER)) == set()


def test_nothing_is_wrong_with_a_retired_kiosk() -> None:
    assert kinds(replace(facts(disk_free_mib=1), retired_at=NOW), now=NOW + timedelta(days=1)) == set()


def test_falling_scores_are_a_reason_to_wipe_the_lens() -> None:
    assert kinds(GOOD, replace(AROUND, trend=Trend(0.90, 0.95, falling=True))) == {AlarmKind.SCORES}


TODAY = date(2026, 1, 5)


def scores(back: int, mean: float, looks: int = ENOUGH, spread: float = 0.04) -> DayScores:
    return DayScores(TODAY - timedelta(days=back), looks, mean, mean * mean + spread * spread)


def test_a_fall_is_measured_in_the_spread_of_looks() -> None:
    assert trend([scores(1, 0.90), scores(20, 0.95)], TODAY) == Trend(pytest.approx(0.90), pytest.approx(0.95), True)
    assert not trend([scores(1, 0.94), scores(20, 0.95)], TODAY).falling
    assert not trend([scores(1, 0.99), scores(20, 0.95)], TODAY).falling


def test_the_week_ends_seven_days_ago_and_the_month_35() -> None:
    days = [scores(6, 0.90), scores(7, 0.95), scores(34, 0.95), scores(35, 0.10)]
    assert trend(days, TODAY) == Trend(pytest.approx(0.90), pytest.approx(0.95), True)


def test_a_few_looks_say_nothing() -> None:
    assert trend([scores(1, 0.5, ENOUGH - 1), scores(20, 0.95)], TODAY) == Trend(None, pytest.approx(0.95), False)
    assert trend([], TODAY) == Trend(None, None, falling=False)


def test_a_trend_of_one_value_only_never_falls() -> None:
    """Without any spread there is nothing to measure by."""
    assert not trend([scores(1, 0.90, spread=0), scores(20, 0.95, spread=0)], TODAY).falling

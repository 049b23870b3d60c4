"""What the wall says of today's hours, and when it rather says nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from firmware.signals import Signal
from kiosk.screen.card import Card, Surroundings
from kiosk.screen.hours import DATED_AFTER, STALE_AFTER
from kiosk.screen.view import Speech, compose
from kiosk.screen.words import translations
from wire.messages import DayHours, Rules

MONDAY = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)  # 07:30 in Lumajang
HOURS = tuple(DayHours(weekday=day, start="07:30", end="16:00" if day < 4 else "16:30") for day in range(5))


def said(
    at: datetime, language: str = "id", *, age: timedelta = timedelta(), trusted: bool = True, **rules: object
) -> str:
    told = Rules(kiosk="k", at=at - age, version=1, **{"hours": HOURS, "holidays": ("2026-01-06",), **rules})  # type: ignore[arg-type]
    around = Surroundings(online=True, backlog=0, clock_trusted=trusted, enrolled=1, rules=told)
    speech = Speech(ZoneInfo("Asia/Jakarta"), language, translations(language).gettext)
    return compose(Card(Signal.IDLE), around, at, speech).hours


def test_the_hours_of_the_local_day() -> None:
    assert said(MONDAY) == "Jam kerja 07:30\N{EN DASH}16:00"
    assert said(MONDAY, "en") == "Working hours today 07:30 to 16:00"
    assert said(MONDAY + timedelta(days=4)) == "Jam kerja 07:30\N{EN DASH}16:30"
    assert said(MONDAY.replace(hour=18)) == "Hari ini hari libur", "it is Tuesday in Lumajang"


@pytest.mark.parametrize("days", [5, 6])
def test_a_free_weekday_says_nothing(days: int) -> None:
    assert said(MONDAY + timedelta(days=days)) == ""


def test_old_rules_say_of_when_they_are_and_very_old_ones_nothing() -> None:
    assert said(MONDAY, age=DATED_AFTER + timedelta(days=1)) == "Jam kerja 07:30\N{EN DASH}16:00 (data 5 Des)"
    assert said(MONDAY, age=STALE_AFTER + timedelta(days=1)) == ""


def test_without_rules_or_a_sure_clock_nothing_is_said() -> None:
    assert said(MONDAY, trusted=False) == ""
    assert said(MONDAY, hours=(), holidays=()) == ""
    around = Surroundings(online=True, backlog=0, clock_trusted=True, enrolled=1)
    assert compose(Card(Signal.IDLE), around, MONDAY, Speech(ZoneInfo("UTC"), "en", str)).hours == ""

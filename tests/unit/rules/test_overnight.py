"""Whose look is whose date's: a night's shift belongs to the date on which it begins, on the board as to the judge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from collector.rules.evidence import Person
from collector.rules.hours import Span, Turn
from collector.rules.overnight import Nights, shown
from collector.rules.ready import SHIFT
from collector.rules.workday import Duty, work_day
from tests.unit.rules.scene import TUESDAY, moment, person, standing

MONDAY = TUESDAY - timedelta(days=1)
DAY = Span(moment(TUESDAY, "00:00"), moment(TUESDAY, "+00:00"))


def duty(day: date, shift: str) -> Duty | None:
    """What a rota's shift asks, `-` for a day off."""
    turn = Turn(day=day, shift=None if shift == "-" else shift)
    guard: Person = replace(person(SHIFT), rota=(turn,))
    return work_day(guard, day, standing(), None).duty


@pytest.mark.parametrize(
    ("monday", "tuesday", "looks", "now", "found"),
    [
        # At work since Monday 21:00: there, whatever the calendar says.
        ("malam", "-", ["<20:50"], "02:00", ["<20:50"]),
        ("malam", "-", ["<20:50"], "06:00", ["<20:50"]),
        ("malam", "malam", ["<20:50"], "06:59", ["<20:50"]),
        # The shift is over, and Tuesday has no look of its own.
        ("malam", "malam", ["<20:50"], "07:00", []),
        # The leaving look is Monday's last, not Tuesday's first.
        ("malam", "malam", ["<20:50", "07:05"], "06:59", ["<20:50", "07:05"]),
        ("malam", "malam", ["<20:50", "07:05"], "08:00", []),
        ("malam", "malam", ["<20:50", "07:05", "20:55"], "21:30", ["20:55"]),
        ("malam", "-", ["<20:50", "07:05"], "12:00", []),
        # Tuesday's own shift reaches into Wednesday.
        ("-", "malam", ["20:55", "+07:03"], "23:00", ["20:55", "+07:03"]),
        ("malam", "malam", ["<20:50", "07:05", "20:55", "+07:03"], "+09:00", ["20:55", "+07:03"]),
        ("-", "malam", ["20:55", "+18:00"], "+19:00", ["20:55"]),
        # From the night straight into the afternoon: what lies in Tuesday's windows is Tuesday's.
        ("malam", "siang", ["<20:50", "07:05", "13:50", "21:04"], "22:00", ["13:50", "21:04"]),
        # Nobody looked: nobody is shown.
        ("malam", "-", [], "02:00", []),
        # Before midnight it is not Tuesday yet.
        ("malam", "-", ["<20:50"], "<23:00", []),
        # Outside of all windows the calendar says.
        ("malam", "-", ["<20:50", "18:00"], "19:00", ["18:00"]),
    ],
)
def test_a_look_is_shown_on_the_date_of_its_work_day(
    monday: str, tuesday: str, looks: list[str], now: str, found: list[str]
) -> None:
    nights = Nights(before=duty(MONDAY, monday), own=duty(TUESDAY, tuesday))
    assert shown(nights, map(at, looks), DAY, at(now)) == [at(each) for each in found]


def at(clock: str) -> datetime:
    """On Tuesday; `<20:50` on the evening before, `+07:05` on the next morning."""
    return moment(MONDAY, clock[1:]) if clock.startswith("<") else moment(TUESDAY, clock)

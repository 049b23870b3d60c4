"""A spot check after midnight counts the looks of the duty that it meets, on the page and to the detector alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from collector.rules.codes import Code
from collector.rules.evidence import Permit, Person
from collector.rules.expected import place
from collector.rules.hours import Turn
from collector.rules.ready import SHIFT
from collector.rules.spotcheck import Seen, Verdict, verdict
from collector.rules.violations.detect import detect
from collector.rules.violations.stream import Missed, Stream
from tests.unit.rules.scene import TUESDAY, UNIT, WHO, look, moment, person, rulebook

MONDAY = TUESDAY - timedelta(days=1)


def at(clock: str) -> datetime:
    """On Tuesday; `<20:50` on the evening before."""
    return moment(MONDAY, clock[1:]) if clock.startswith("<") else moment(TUESDAY, clock)


def who(shift: str, day: date) -> Person:
    """Of a rota's shift on that date, `-` for a day off; `office` for office hours."""
    turn = Turn(day=day, shift=None if shift == "-" else shift)
    return WHO["PNS"] if shift == "office" else replace(person(SHIFT), rota=(turn,))


@pytest.mark.parametrize(
    ("shifts", "looks", "noted", "present", "absent"),
    [
        # On duty since Monday 21:00, recorded before midnight.
        (("malam", "-"), ["<20:50"], "02:00", Verdict.AGREES, Verdict.GONE),
        (("malam", "malam"), ["<20:50"], "06:59", Verdict.AGREES, Verdict.GONE),
        (("malam", "-"), ["<23:58"], "00:00", Verdict.AGREES, Verdict.GONE),
        # The window of coming opens 90 minutes before the shift.
        (("malam", "-"), ["<19:30"], "02:00", Verdict.AGREES, Verdict.GONE),
        (("malam", "-"), ["<19:29"], "02:00", Verdict.UNRECORDED, Verdict.ABSENT),
        # The look with which they left the morning's shift is not one of the night's.
        (("malam", "-"), [], "02:00", Verdict.UNRECORDED, Verdict.ABSENT),
        (("malam", "malam"), ["<20:50", "07:05"], "22:00", Verdict.UNRECORDED, Verdict.ABSENT),
        (("malam", "malam"), ["<20:50", "07:05", "20:55"], "22:00", Verdict.AGREES, Verdict.GONE),
        (("malam", "siang"), ["07:05"], "14:30", Verdict.UNRECORDED, Verdict.ABSENT),
        # A look that comes later says nothing.
        (("malam", "-"), ["02:01"], "02:00", Verdict.UNRECORDED, Verdict.ABSENT),
        # Whom no duty holds at that moment the date's own looks tell of, and those of the evening before do not.
        (("-", "-"), ["<20:50"], "02:00", Verdict.UNRECORDED, Verdict.OFF_DUTY),
        (("malam", "-"), ["<20:50", "07:05"], "07:10", Verdict.AGREES, Verdict.OFF_DUTY),
        (("office", "office"), ["<16:05", "07:10"], "10:00", Verdict.AGREES, Verdict.GONE),
        (("office", "office"), ["<16:05"], "10:00", Verdict.UNRECORDED, Verdict.ABSENT),
    ],
)
def test_looks_count_from_the_duty_that_holds_the_moment(
    shifts: tuple[str, str], looks: list[str], noted: str, present: Verdict, absent: Verdict
) -> None:
    """`shifts`: of Monday and of Tuesday."""
    monday, tuesday = shifts
    where = place(who(monday, MONDAY), who(tuesday, TUESDAY), at(noted), rulebook())
    told = [at(each) for each in looks]
    assert verdict(Seen.PRESENT, told, at(noted), permit=False, place=where) is present
    assert verdict(Seen.ABSENT, told, at(noted), permit=False, place=where) is absent
    missed = Missed(check="sidak/1", person="p1", unit=UNIT, at=at(noted), place=where)
    seen = tuple(look(each, number) for number, each in enumerate(told, 1))
    found = detect(Stream(looks=seen, missed=(missed,) if where.awaited else ()))
    assert bool(found) is (absent is Verdict.GONE)


NIGHTS, OFFICE = ("malam", "malam"), ("office", "office")


@pytest.mark.parametrize(
    ("shifts", "noted", "on", "part", "excused"),
    [
        (OFFICE, "10:00", TUESDAY, None, True),
        (OFFICE, "10:00", MONDAY, None, False),
        # A letter for the afternoon says nothing of the morning.
        (OFFICE, "10:00", TUESDAY, ("13:00", "16:00"), False),
        (OFFICE, "13:00", TUESDAY, ("13:00", "16:00"), True),
        (OFFICE, "16:00", TUESDAY, ("07:30", "16:00"), False),
        # At two in the morning the duty is Monday's.
        (NIGHTS, "02:00", MONDAY, None, True),
        (NIGHTS, "02:00", TUESDAY, None, False),
        (NIGHTS, "02:00", MONDAY, ("21:00", "01:00"), False),
        (NIGHTS, "02:00", MONDAY, ("21:00", "03:00"), True),
        (NIGHTS, "02:00", MONDAY, ("01:00", "03:00"), True),
        (NIGHTS, "22:00", MONDAY, ("21:00", "03:00"), False),
    ],
)
def test_a_letter_excuses_on_the_date_of_the_duty_and_within_its_part_of_the_day(
    shifts: tuple[str, str], noted: str, on: date, part: tuple[str, str] | None, excused: bool
) -> None:
    where = place(who(shifts[0], MONDAY), who(shifts[1], TUESDAY), at(noted), rulebook())
    hours = (time.fromisoformat(part[0]), time.fromisoformat(part[1])) if part else None
    letter = Permit(person="p1", code=Code.DL, since=on, until=on, letter="090/1", hours=hours)
    assert where.excused(letter, at(noted)) is excused
    if where.awaited:
        missed = Missed(check="sidak/1", person="p1", unit=UNIT, at=at(noted), place=where)
        found = detect(Stream(looks=(look(at(noted)),), missed=(missed,), permits=(letter,)))
        assert bool(found) is not excused

"""A draw that anybody can repeat, weights that hold, and what note and ledger say together."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from collector.rules.codes import Code
from collector.rules.evidence import Basis, Moment, Permit, Person
from collector.rules.expected import expected
from collector.rules.hours import WIB, Turn
from collector.rules.ready import SHIFT
from collector.rules.spotcheck import Candidate, Seen, Verdict, draw, verdict
from collector.rules.violations.detect import detect
from collector.rules.violations.stream import Kind, Missed, Stream
from tests.unit.rules.scene import TUESDAY, UNIT, look, moment, person, rulebook

UNITS = [Candidate("A", 1), Candidate("B", 8), Candidate("C", 1)]
NINE, THREE = time(9), time(15)
AT = moment(TUESDAY, "10:00")


def test_the_same_seed_draws_the_same_in_any_order() -> None:
    told = draw("seed-1", UNITS, TUESDAY, NINE, THREE)
    assert told == draw("seed-1", random.Random(1).sample(UNITS, 3), TUESDAY, NINE, THREE)
    # Pinned: a draw of long ago must be drawn again by every later program.
    assert told == ("B", datetime(2026, 5, 5, *PINNED, tzinfo=WIB))


PINNED = (9, 2)


def test_weights_and_minutes_are_kept() -> None:
    draws = [draw(f"{number:032x}", UNITS, TUESDAY, NINE, THREE) for number in range(2000)]
    units = Counter(unit for unit, _ in draws)
    assert units["B"] / 2000 == pytest.approx(0.8, abs=0.04)
    assert set(units) == {"A", "B", "C"}
    moments = {at for _, at in draws}
    assert min(moments) == moment(TUESDAY, "09:00")
    assert max(moments) == moment(TUESDAY, "15:00")


@pytest.mark.parametrize(("units", "first", "last"), [([], NINE, THREE), (UNITS, THREE, NINE)])
def test_nothing_to_draw_from_is_an_error(units: list[Candidate], first: time, last: time) -> None:
    with pytest.raises(ValueError, match="nothing to draw from"):
        draw("s", units, date(2026, 5, 5), first, last)


@pytest.mark.parametrize(
    ("seen", "clocks", "permit", "found"),
    [
        (None, ["07:20"], False, Verdict.NOT_NOTED),
        (Seen.PRESENT, ["07:20"], False, Verdict.AGREES),
        (Seen.PRESENT, ["16:00"], False, Verdict.UNRECORDED),
        (Seen.PRESENT, [], False, Verdict.UNRECORDED),
        (Seen.ABSENT, ["07:20"], False, Verdict.GONE),
        (Seen.ABSENT, ["07:20", "16:00"], False, Verdict.GONE),
        (Seen.ABSENT, ["16:00"], False, Verdict.ABSENT),
        (Seen.ABSENT, [], False, Verdict.ABSENT),
        (Seen.ABSENT, ["07:20"], True, Verdict.EXCUSED),
        (Seen.EXPLAINED, ["07:20"], False, Verdict.EXCUSED),
    ],
)
def test_note_and_ledger_together(seen: Seen | None, clocks: list[str], permit: bool, found: Verdict) -> None:
    assert verdict(seen, [moment(TUESDAY, clock) for clock in clocks], AT, permit=permit) is found


def nurse(*turns: Turn) -> Person:
    return replace(person(SHIFT), rota=turns)


NIGHT = Turn(day=TUESDAY, shift="malam")
LAST_NIGHT, FREE = replace(NIGHT, day=TUESDAY - timedelta(days=1)), Turn(day=TUESDAY, shift=None)


def test_nobody_is_missed_outside_of_the_own_hours() -> None:
    """A draw in the afternoon finds a ward's morning shift at home, as it should be."""
    early = [moment(TUESDAY, "06:58"), moment(TUESDAY, "14:05")]
    at = moment(TUESDAY, "15:00")
    assert verdict(Seen.ABSENT, early, at, permit=False, expected=False) is Verdict.OFF_DUTY
    assert verdict(Seen.ABSENT, early, at, permit=False) is Verdict.GONE
    assert verdict(Seen.PRESENT, early, at, permit=False, expected=False) is Verdict.AGREES


@pytest.mark.parametrize(
    ("who", "clock", "found"),
    [
        (person(), "07:29:59", False),
        (person(), "07:30", True),
        (person(), "15:59", True),
        (person(), "16:00", False),
        (nurse(NIGHT), "10:00", False),
        (nurse(NIGHT), "23:00", True),
        (nurse(LAST_NIGHT, FREE), "05:00", True),
        (nurse(LAST_NIGHT, FREE), "10:00", False),
        (nurse(), "10:00", True),  # no rota: nobody knows, so somebody asks
    ],
)
def test_hours_say_when_somebody_may_be_expected(who: Person, clock: str, found: bool) -> None:
    assert expected(who, who, moment(TUESDAY, clock), rulebook()) is found


def test_a_pattern_that_is_not_there_is_said() -> None:
    with pytest.raises(LookupError, match="no-such-week"):
        expected(person(), person("no-such-week"), moment(TUESDAY, "10:00"), rulebook())


def test_a_day_off_asks_nobody_and_a_leaver_is_not_expected() -> None:
    sunday = TUESDAY - timedelta(days=2)
    assert not expected(person(), person(), moment(sunday, "10:00"), rulebook())
    gone = replace(person(), assignments=())
    assert not expected(gone, gone, moment(TUESDAY, "10:00"), rulebook())


def test_the_shift_of_the_day_before_is_that_days_own() -> None:
    """Each date's person carries that date's turn alone, as the judge reads them."""
    assert expected(nurse(LAST_NIGHT), nurse(FREE), moment(TUESDAY, "02:00"), rulebook())
    assert not expected(nurse(), nurse(FREE), moment(TUESDAY, "02:00"), rulebook())


MISSED = Missed(check="sidak/7", person="p1", unit=UNIT, at=AT)


def test_who_checked_in_and_was_gone_is_a_reason_to_check() -> None:
    [found] = detect(
        Stream(looks=(look(moment(TUESDAY, "07:20")), look(moment(TUESDAY, "16:00"), 2)), missed=(MISSED,) * 2)
    )
    assert (found.kind, found.subject, found.about, found.evidence) == (
        Kind.CHECKED_IN_AND_GONE,
        "p1",
        "sidak/7",
        ("a/c/1",),
    )


def test_no_look_a_letter_or_a_clock_in_doubt_is_none() -> None:
    seen = look(moment(TUESDAY, "07:20"))
    letter = Permit(person="p1", code=Code.DL, since=TUESDAY, until=TUESDAY, letter="090/1")
    doubt = Moment(at=seen.when.at, earliest=seen.when.at, latest=AT, basis=Basis.UNKNOWN)
    for stream in (
        Stream(missed=(MISSED,)),
        Stream(looks=(look(moment(TUESDAY, "16:00")),), missed=(MISSED,)),
        Stream(looks=(seen,), missed=(MISSED,), permits=(letter,)),
        Stream(looks=(look(moment(TUESDAY, "07:20"), who="p2"),), missed=(MISSED,)),
    ):
        assert detect(stream) == []
    from dataclasses import replace  # noqa: PLC0415

    assert detect(Stream(looks=(replace(seen, when=doubt),), missed=(MISSED,))) == []

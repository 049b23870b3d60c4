"""A draw that anybody can repeat, weights that hold, and what note and ledger say together."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from collector.rules.codes import Code
from collector.rules.evidence import Basis, Moment, Permit, Person
from collector.rules.expected import Place, place
from collector.rules.hours import WIB, Turn
from collector.rules.ready import APEL, SHIFT, SKJ
from collector.rules.ruleset import Assembly, AssemblyKind
from collector.rules.spotcheck import Candidate, Seen, Verdict, draw, verdict
from collector.rules.violations.detect import detect
from collector.rules.violations.stream import Kind, Missed, Stream
from tests.unit.rules.scene import TUESDAY, UNIT, WHO, look, moment, person, rulebook, standing

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
NOWHERE = Place(at_work=False)
LAST_NIGHT, FREE = replace(NIGHT, day=TUESDAY - timedelta(days=1)), Turn(day=TUESDAY, shift=None)


def test_nobody_is_missed_outside_of_the_own_hours() -> None:
    """A draw in the afternoon finds a ward's morning shift at home, as it should be."""
    early = [moment(TUESDAY, "06:58"), moment(TUESDAY, "14:05")]
    at = moment(TUESDAY, "15:00")
    assert verdict(Seen.ABSENT, early, at, permit=False, place=Place(at_work=False)) is Verdict.OFF_DUTY
    assert verdict(Seen.ABSENT, early, at, permit=False) is Verdict.GONE
    assert verdict(Seen.PRESENT, early, at, permit=False, place=Place(at_work=False)) is Verdict.AGREES


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
    assert place(who, who, moment(TUESDAY, clock), rulebook()).at_work is found


MONDAY, FRIDAY = TUESDAY - timedelta(days=1), TUESDAY + timedelta(days=3)
SUNDAY = TUESDAY - timedelta(days=2)
RULES = standing(
    assemblies=(
        APEL,
        SKJ,
        Assembly(name="cek siang", kind=AssemblyKind.MIDDAY, opens=time(12), closes=time(13)),
        Assembly(name="upacara Hari Otda", kind=AssemblyKind.UPACARA, opens=time(7), closes=time(9, 30), on=TUESDAY),
        Assembly(name="upacara HUT", kind=AssemblyKind.UPACARA, opens=time(8), closes=time(10), on=SUNDAY),
        Assembly(name="apel Sabtu", kind=AssemblyKind.APEL, opens=time(7), closes=time(8), weekday=5),
        Assembly(name="renungan", kind=AssemblyKind.UPACARA, opens=time(23, 30), closes=time(0, 30), on=FRIDAY),
    )
)


@pytest.mark.parametrize(
    ("who", "day", "clock", "at_work", "gathering"),
    [
        ("PNS", MONDAY, "05:59", False, ""),
        ("PNS", MONDAY, "07:05", False, "apel pagi"),  # before the hours begin, and yet somewhere to be
        ("PNS", MONDAY, "07:30", True, ""),  # its window has ended
        ("PNS", FRIDAY, "06:30", False, "SKJ"),
        ("PNS", TUESDAY, "08:15", True, "upacara Hari Otda"),  # within the hours, on the regent's yard
        ("PNS", TUESDAY, "09:30", True, ""),
        ("PNS", TUESDAY, "12:30", True, ""),  # the midday check asks for a look and takes nobody away
        ("PNS", SUNDAY, "08:15", False, "upacara HUT"),  # dated, so it is held on a day off
        ("PNS", TUESDAY + timedelta(days=4), "07:30", False, ""),  # a weekly apel rests on a five-day office's Saturday
        ("guru", TUESDAY + timedelta(days=4), "07:30", True, "apel Sabtu"),
        ("PNS", FRIDAY, "+00:15", False, "renungan"),  # over midnight it is still the evening's
        ("guru honorer", TUESDAY, "08:15", True, ""),  # held for other patterns
    ],
)
def test_a_gathering_is_a_place_to_be(who: str, day: date, clock: str, at_work: bool, gathering: str) -> None:
    found = place(WHO[who], WHO[who], moment(day, clock), rulebook(RULES))
    assert (found.at_work, found.gathering) == (at_work, gathering)
    assert found.awaited is (at_work and not gathering)


@pytest.mark.parametrize(
    ("seen", "looks", "permit", "found"),
    [
        (Seen.ABSENT, ["06:20"], False, Verdict.GATHERING),  # looked at the kiosk, then went to the yard
        (Seen.ABSENT, [], False, Verdict.GATHERING),  # whether they are there the gathering's own window says: TA
        (Seen.ABSENT, ["06:20"], True, Verdict.EXCUSED),
        (Seen.EXPLAINED, [], False, Verdict.EXCUSED),
        (Seen.PRESENT, ["06:20"], False, Verdict.AGREES),
        (Seen.PRESENT, [], False, Verdict.UNRECORDED),
        (None, ["06:20"], False, Verdict.NOT_NOTED),
    ],
)
def test_whose_place_is_the_gathering_is_not_said_to_be_gone(
    seen: Seen | None, looks: list[str], permit: bool, found: Verdict
) -> None:
    at = moment(MONDAY, "07:05")
    apel = Place(at_work=False, gathering="apel pagi")
    told = [moment(MONDAY, clock) for clock in looks]
    assert verdict(seen, told, at, permit=permit, place=apel) is found
    assert verdict(seen, told, at, permit=permit, place=replace(apel, at_work=True)) is found


def test_a_pattern_that_is_not_there_is_said() -> None:
    with pytest.raises(LookupError, match="no-such-week"):
        place(person(), person("no-such-week"), moment(TUESDAY, "10:00"), rulebook())


def test_a_day_off_asks_nobody_and_a_leaver_is_not_expected() -> None:
    assert place(person(), person(), moment(SUNDAY, "10:00"), rulebook()) == NOWHERE
    gone = replace(person(), assignments=())
    assert place(gone, gone, moment(TUESDAY, "10:00"), rulebook()) == NOWHERE


def test_the_shift_of_the_day_before_is_that_days_own() -> None:
    """Each date's person carries that date's turn alone, as the judge reads them."""
    assert place(nurse(LAST_NIGHT), nurse(FREE), moment(TUESDAY, "02:00"), rulebook()).at_work
    assert not place(nurse(), nurse(FREE), moment(TUESDAY, "02:00"), rulebook()).at_work


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

"""Detectors: each finds what it is named after, leaves honest days alone, and says the same whatever the order."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from collector.rules.codes import Code
from collector.rules.day import judge_day
from collector.rules.evidence import Assignment, Basis, Cause, Look, Match, Method, Moment, Outage, Permit, Spot
from collector.rules.violations.detect import DETECTORS, count, detect
from collector.rules.violations.stream import (
    Against,
    Fault,
    Incident,
    Kind,
    Likeness,
    Limits,
    Missed,
    Observed,
    Stream,
    Violation,
)
from collector.rules.violations.travel import distance_km
from tests.unit.rules.day_case import MIDDAY
from tests.unit.rules.scene import ELSEWHERE, OPD, TUESDAY, UNIT, WHO, look, moment, rulebook, seen, standing

SEAT = Spot(lat=-8.133, lon=113.225)
TEMPURSARI = Spot(lat=-8.30, lon=112.95)
PERSON = WHO["PNS"]


def at(clock: str) -> datetime:
    return moment(TUESDAY, clock)


def placed(clock: str, number: int, kiosk: str, spot: Spot, **more: object) -> Look:
    return replace(look(at(clock), number, kiosk=kiosk), spot=spot, **more)  # type: ignore[arg-type]


def kinds(stream: Stream) -> list[Kind]:
    return [violation.kind for violation in detect(stream)]


def test_the_haversine_of_a_degree_of_latitude() -> None:
    assert distance_km(Spot(lat=0, lon=113), Spot(lat=1, lon=113)) == pytest.approx(111.195, abs=0.001)
    assert distance_km(SEAT, SEAT) == 0


@pytest.mark.parametrize(
    ("clock", "found"), [("07:10", [Kind.TWO_PLACES]), ("07:25", [Kind.TWO_PLACES]), ("07:29", [])]
)
def test_two_places_sooner_than_one_can_travel(clock: str, found: list[Kind]) -> None:
    # 35.5 km at 80 km/h take 26 min 38 s.
    assert kinds(Stream(looks=(placed("07:00", 1, "a", SEAT), placed(clock, 2, "b", TEMPURSARI)))) == found


def test_two_kiosks_of_one_building_are_one_place() -> None:
    door = Spot(lat=SEAT.lat + 0.001, lon=SEAT.lon)
    assert kinds(Stream(looks=(placed("07:00", 1, "a", SEAT), placed("07:00:10", 2, "b", door)))) == []


def test_no_travel_is_judged_by_a_clock_that_cannot_be_trusted() -> None:
    unsure = replace(Moment.exact(at("07:01")), basis=Basis.UNKNOWN)
    assert kinds(Stream(looks=(placed("07:00", 1, "a", SEAT), placed("07:01", 2, "b", TEMPURSARI, when=unsure)))) == []


def test_the_bounds_of_both_clocks_speak_for_the_person() -> None:
    loose = replace(Moment.exact(at("07:26:30")), latest=at("07:27"))
    tight = Moment.exact(at("07:26:30"))
    for when, found in ((tight, [Kind.TWO_PLACES]), (loose, [])):
        assert (
            kinds(Stream(looks=(placed("07:00", 1, "a", SEAT), placed("07:26", 2, "b", TEMPURSARI, when=when))))
            == found
        )


def at_unit(unit: str, **more: object) -> Stream:
    return Stream(looks=(replace(look(at("07:10")), unit=unit),), people={PERSON.id: PERSON}, **more)  # type: ignore[arg-type]


def test_a_unit_that_is_not_theirs() -> None:
    found = detect(at_unit(ELSEWHERE))
    assert [(each.kind, each.subject, each.unit, each.evidence) for each in found] == [
        (Kind.WRONG_UNIT, PERSON.id, ELSEWHERE, ("a/c/1",))
    ]


@pytest.mark.parametrize("unit", [UNIT, OPD])
def test_their_unit_and_the_ones_above_it_are_theirs(unit: str) -> None:
    assert kinds(at_unit(unit)) == []


def test_a_letter_of_assignment_or_of_travel_makes_it_theirs() -> None:
    letter = Assignment(units=(ELSEWHERE,), since=TUESDAY, until=TUESDAY, main=False, letter="800/2")
    assigned = replace(PERSON, assignments=(*PERSON.assignments, letter))
    assert kinds(replace(at_unit(ELSEWHERE), people={PERSON.id: assigned})) == []
    travel = Permit(person=PERSON.id, code=Code.DL, since=TUESDAY, until=TUESDAY, letter="090/1")
    assert kinds(at_unit(ELSEWHERE, permits=(travel,))) == []


@pytest.mark.parametrize(
    ("score", "runner_up", "found"),
    [
        (0.70, 0.40, []),
        (0.70, None, []),
        (0.49, None, [Kind.UNCERTAIN_MATCH]),
        (0.70, 0.68, [Kind.UNCERTAIN_MATCH]),
    ],
)
def test_a_narrow_match_or_a_close_runner_up_is_looked_at(
    score: float, runner_up: float | None, found: list[Kind]
) -> None:
    assert kinds(Stream(looks=(replace(look(at("07:10")), match=Match(score=score, runner_up=runner_up)),))) == found


def event(word: str, **more: object) -> Observed:
    told = Observed(record="a/c/9", kiosk="a", unit=UNIT, word=word, when=Moment.exact(at("07:10")))
    return replace(told, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("observed", "found"),
    [
        (event("spoof"), [(Kind.SPOOF, Against.KIOSK, "a")]),
        (event("spoof", person="p1"), [(Kind.SPOOF, Against.PERSON, "p1")]),
        (event("covered-face"), [(Kind.COVERED_FACE, Against.KIOSK, "a")]),
        (event("place-changed"), [(Kind.KIOSK_MOVED, Against.KIOSK, "a")]),
        (event("clock-stepped", offset_ms=-3_600_000), [(Kind.CLOCK_TURNED, Against.KIOSK, "a")]),
        (event("clock-stepped", offset_ms=120_000), []),
        (event("clock-learnt", offset_ms=10**12), []),
        (event("camera-lost"), []),
    ],
)
def test_what_a_kiosk_noticed(observed: Observed, found: list[tuple[Kind, Against, str]]) -> None:
    assert [(each.kind, each.against, each.subject) for each in detect(Stream(events=(observed,)))] == found


def failed_pin(number: int, who: str = "", clock: str = "07:10", **more: object) -> Observed:
    when = Moment.exact(at(f"{clock}:{number:02}"))
    return event("pin-failed", record=f"a/c/{number}", person=who, **{"when": when, **more})


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([failed_pin(n, "p1") for n in range(4)], []),
        ([failed_pin(n, "p1") for n in range(5)], [("count", 5), ("people", 1)]),
        ([failed_pin(n, f"p{n}") for n in range(9)], []),
        ([failed_pin(n) for n in range(10)], [("count", 10), ("people", 0)]),
        ([*(failed_pin(n, "p1") for n in range(5)), failed_pin(7, "p2", "15:00")], [("count", 6), ("people", 2)]),
        ([failed_pin(n, "p1", kiosk=f"k{n}") for n in range(5)], []),
        ([event("spoof")] * 9 + [failed_pin(1)] * 30, []),
    ],
)
def test_wrong_pins_in_a_series_are_a_reason_to_ask_who_stood_there(
    events: list[Observed], found: list[tuple[str, int]]
) -> None:
    told = [each for each in detect(Stream(events=tuple(reversed(events)))) if each.kind is Kind.PIN_GUESSING]
    assert [each.facts for each in told] == ([tuple(found)] if found else [])
    for each in told:
        assert (each.against, each.subject, each.unit, each.about) == (Against.KIOSK, "a", UNIT, "2026-05-05")
        assert each.evidence[0] == "a/c/0"


def test_wrong_pins_of_an_untrusted_clock_are_no_series() -> None:
    vague = Moment(at=at("07:10"), earliest=at("05:00"), latest=at("09:00"), basis=Basis.UNKNOWN)
    assert kinds(Stream(events=tuple(failed_pin(n, "p1", when=vague) for n in range(9)))) == []


@pytest.mark.parametrize("fault", list(Fault))
def test_chains_that_are_not_whole(fault: Fault) -> None:
    incident = Incident(record="a/c/7", kiosk="a", unit=UNIT, fault=fault, at=at("07:10"), count=3)
    expected = Kind.RECORDS_MISSING if fault is Fault.GAP else Kind.RECORDS_ALTERED
    assert kinds(Stream(incidents=(incident,))) == [expected]


def test_several_people_within_a_second_are_a_series() -> None:
    crowd = [look(at("07:10:05"), number, who=f"p{number}") for number in range(3)]
    found = detect(Stream(looks=tuple(crowd)))
    assert [(each.kind, each.evidence) for each in found] == [(Kind.SERIES, ("a/c/0", "a/c/1", "a/c/2"))]


def test_a_queue_of_people_is_no_series() -> None:
    queue = [look(at(f"07:10:{number * 3:02}"), number, who=f"p{number}") for number in range(9)]
    same = [look(at("07:10:05"), number) for number in range(5)]
    halls = [look(at("07:10:05"), number, who=f"p{number}", kiosk=f"k{number}") for number in range(5)]
    assert [kinds(Stream(looks=tuple(looks))) for looks in (queue, same, halls)] == [[], [], []]


def phone(number: int, who: str, spot: Spot = SEAT, **more: object) -> Look:
    told = look(at(f"07:0{number}"), number, who=who, kiosk="phone", method=Method.PHONE)
    return replace(told, device="d1", spot=spot, **more)  # type: ignore[arg-type]


def test_one_phone_for_several_people() -> None:
    found = detect(Stream(looks=(phone(1, "p1"), phone(2, "p2"), phone(3, "p1"))))
    assert [(each.kind, each.subject, dict(each.facts)["people"]) for each in found] == [(Kind.SHARED_DEVICE, "d1", 2)]
    assert kinds(Stream(looks=(phone(1, "p1"), phone(3, "p1")))) == []


@pytest.mark.parametrize(
    ("away", "accuracy", "found"),
    [
        (0.0005, 0, []),
        (0.002, 0, [Kind.OUTSIDE_COORDINATES]),
        (0.002, 150, []),
        (0.002, 50, [Kind.OUTSIDE_COORDINATES]),
    ],
)
def test_a_phone_outside_the_coordinates_of_its_unit(away: float, accuracy: float, found: list[Kind]) -> None:
    there = phone(1, "p1", Spot(lat=SEAT.lat + away, lon=SEAT.lon), accuracy_m=accuracy)
    assert kinds(Stream(looks=(there,), people={"p1": PERSON}, spots={UNIT: SEAT})) == found


def test_checked_in_and_gone_at_midday() -> None:
    midday = rulebook(standing(assemblies=(MIDDAY,)))
    gone = judge_day(PERSON, TUESDAY, seen(TUESDAY, "07:20", "16:00"), midday)
    there = judge_day(PERSON, TUESDAY, seen(TUESDAY, "07:20", "12:15", "16:00"), midday)
    absent = judge_day(PERSON, TUESDAY, seen(TUESDAY), midday)
    assert [kinds(Stream(days=(day,))) for day in (gone, there, absent)] == [[Kind.CHECKED_IN_AND_GONE], [], []]


def outage(day: int, since: str = "07:10", until: str | None = "07:30", cause: Cause = Cause.OUTAGE) -> Outage:
    on = date(2026, 5, day)
    return Outage(kiosk="a", since=moment(on, since), until=moment(on, until) if until else None, cause=cause)


def of_outages(*outages: Outage) -> list[Violation]:
    return detect(Stream(outages=outages, kiosk_units={"a": UNIT}))


def test_outages_that_keep_coming_at_check_in_time_are_against_the_unit() -> None:
    found = of_outages(outage(5), outage(6), outage(11))
    assert [(each.kind, each.subject, each.about, dict(each.facts)) for each in found] == [
        (Kind.RECURRING_OUTAGE, UNIT, "2026-05", {"dates": 3})
    ]
    assert of_outages(outage(5), outage(6)) == []
    assert of_outages(outage(5), outage(5, "07:35", "07:40"), outage(6)) == []


def test_outages_at_other_hours_other_causes_and_broken_machines_are_not() -> None:
    assert of_outages(*(outage(day, "10:00", "11:00") for day in (5, 6, 7))) == []
    assert of_outages(*(outage(day, cause=Cause.ROSTER_LATE) for day in (5, 6, 7))) == []
    assert (
        of_outages(outage(5, "10:00", None), replace(outage(5, "16:00"), until=moment(date(2026, 5, 9), "12:00"))) == []
    )


def everything() -> Stream:
    """A stream in which every detector finds something."""
    crowd = tuple(look(at("07:10:05"), 20 + number, who=f"p{number}") for number in range(3, 6))
    midday = rulebook(standing(assemblies=(MIDDAY,)))
    return Stream(
        looks=(
            placed("07:00", 1, "a", SEAT),
            placed("07:01", 2, "b", TEMPURSARI, unit=ELSEWHERE),
            replace(look(at("07:02"), 3), match=Match(score=0.4, runner_up=None)),
            phone(4, "p1", TEMPURSARI),
            phone(5, "p2", SEAT),
            *crowd,
        ),
        events=(
            *(event("spoof"), event("covered-face"), event("place-changed"), event("clock-stepped", offset_ms=10**7)),
            *(failed_pin(number, "p1") for number in range(5)),
        ),
        incidents=tuple(
            Incident(record=f"a/c/{fault}", kiosk="a", unit=UNIT, fault=fault, at=at("07:10")) for fault in Fault
        ),
        outages=(outage(5), outage(6), outage(7)),
        days=(judge_day(PERSON, TUESDAY, seen(TUESDAY, "07:20", "16:00"), midday),),
        missed=(Missed(check="sidak/1", person="p3", unit=UNIT, at=at("10:00")),),
        likenesses=(Likeness(person="p4", other="p3", cosine=0.93, unit=UNIT, at=at("09:00")),),
        people={PERSON.id: PERSON},
        kiosk_units={"a": UNIT},
        spots={UNIT: SEAT},
    )


def test_every_kind_is_found_by_a_detector_of_the_list() -> None:
    assert set(kinds(everything())) == set(Kind)
    assert all(list(detector(everything())) for detector in DETECTORS.values())


@pytest.mark.parametrize("seed", range(5))
def test_order_and_repetition_of_a_stream_do_not_matter(seed: int) -> None:
    stream, chance = everything(), random.Random(seed)
    mixed = {}
    for name in ("looks", "events", "incidents", "outages", "days", "missed", "likenesses"):
        parts = [*getattr(stream, name), *getattr(stream, name)[:2]]
        chance.shuffle(parts)
        mixed[name] = tuple(parts)
    assert detect(replace(stream, **mixed)) == detect(stream)


def test_the_same_violation_found_again_has_the_same_key_and_no_two_share_one() -> None:
    keys = [violation.key for violation in detect(everything())]
    assert keys == [violation.key for violation in detect(everything())]
    assert len(set(keys)) == len(keys)


def test_limits_are_settings() -> None:
    looks = (placed("07:00", 1, "a", SEAT), placed("07:10", 2, "b", TEMPURSARI))
    assert kinds(Stream(looks=looks, limits=Limits(speed_kmh=300))) == []


def test_the_report_counts_by_opd_and_kind_within_local_dates() -> None:
    found = detect(everything())
    told = count(found, {UNIT: OPD}, TUESDAY, TUESDAY)
    assert told[ELSEWHERE, Kind.WRONG_UNIT] == 1
    assert told[OPD, Kind.RECORDS_ALTERED] == 3
    assert sum(count(found, {}, date(2026, 5, 1), date(2026, 5, 31)).values()) == len(found)
    assert count(found, {}, TUESDAY + timedelta(days=9), TUESDAY + timedelta(days=30)) == {}

"""When machines served: outages from signs of life, and the time in which no kiosk of a place did."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.rules.evidence import Cause, KioskState, Outage
from collector.rules.hours import Span
from collector.rules.serving import Life, Pulse, outages_of, silences, united, unserved, within
from tests.unit.rules.scene import TUESDAY, moment

ALIVE, START, OUT, BACK = Life.ALIVE, Life.START, Life.OUT, Life.BACK


def pulses(*told: tuple[str, Life]) -> list[Pulse]:
    return [Pulse(kiosk="a", at=moment(TUESDAY, clock), life=life) for clock, life in told]


def clocks(outages: list[Outage]) -> list[tuple[str, str]]:
    return [(f"{each.since:%H:%M}", f"{each.until:%H:%M}" if each.until else "lasts") for each in outages]


def span(since: str, until: str) -> Span:
    return Span(moment(TUESDAY, since), moment(TUESDAY, until))


def test_hourly_heartbeats_are_service() -> None:
    assert outages_of(pulses(("06:00", ALIVE), ("07:00", ALIVE), ("08:05", ALIVE))) == []


def test_a_pause_longer_than_heartbeats_explain_is_an_outage() -> None:
    assert clocks(outages_of(pulses(("06:00", ALIVE), ("07:20", ALIVE)))) == [("06:00", "07:20")]


def test_a_start_says_that_it_had_been_off_since_the_record_before() -> None:
    assert clocks(outages_of(pulses(("07:00", ALIVE), ("07:12", ALIVE), ("07:40", START)))) == [("07:12", "07:40")]


def test_the_first_start_of_all_is_no_outage() -> None:
    assert outages_of(pulses(("07:40", START), ("08:00", ALIVE))) == []


def test_out_of_service_lasts_until_it_is_back() -> None:
    told = pulses(("06:50", ALIVE), ("07:00", OUT), ("07:30", OUT), ("07:40", BACK), ("08:00", ALIVE))
    assert clocks(outages_of(told)) == [("07:00", "07:40")]


def test_an_outage_that_has_not_ended_lasts() -> None:
    assert clocks(outages_of(pulses(("06:50", ALIVE), ("07:00", OUT)))) == [("07:00", "lasts")]
    assert clocks(outages_of(pulses(("07:00", ALIVE)), moment(TUESDAY, "09:00"))) == [("07:00", "lasts")]
    assert outages_of(pulses(("07:00", ALIVE)), moment(TUESDAY, "08:00")) == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1439), st.sampled_from(Life)), max_size=10), st.integers())
def test_signs_of_life_may_come_in_any_order(told: list[tuple[int, Life]], seed: int) -> None:
    signs = pulses(*((f"{minute // 60:02}:{minute % 60:02}", life) for minute, life in told))
    again = signs + signs[:3]
    random.Random(seed).shuffle(again)
    found = outages_of(again)
    assert found == outages_of(signs)
    assert all(one.until and one.until <= other.since for one, other in pairwise(found))


def state(kiosk: str, *, at_place: bool = True, finished: bool = False) -> KioskState:
    return KioskState(kiosk=kiosk, complete_until=moment(TUESDAY, "12:00"), at_place=at_place, finished=finished)


def outage(kiosk: str, since: str, until: str) -> Outage:
    return Outage(kiosk=kiosk, since=moment(TUESDAY, since), until=moment(TUESDAY, until))


def test_a_place_is_unserved_only_while_every_kiosk_of_it_is_silent() -> None:
    told = [outage("a", "07:00", "07:40"), outage("b", "07:20", "08:00"), outage("b", "06:00", "07:05")]
    assert unserved([state("a"), state("b")], told) == [span("07:00", "07:05"), span("07:20", "07:40")]
    assert unserved([state("a"), state("b", at_place=False)], told) == [span("07:00", "07:40")]
    assert unserved([state("b", at_place=False)], told) == []


def test_a_finished_kiosk_is_silent_from_its_last_known_moment_on() -> None:
    found = silences([state("a", finished=True)], [], "p1")
    assert [(each.since, each.until, each.cause) for each in found] == [
        (moment(TUESDAY, "12:00"), None, Cause.FINISHED)
    ]


def test_what_concerns_somebody_else_or_another_kiosk_is_left_out() -> None:
    mine = replace(outage("a", "07:00", "08:00"), person="p1", cause=Cause.ROSTER_LATE)
    told = [mine, replace(mine, person="p2"), outage("z", "07:00", "08:00")]
    assert silences([state("a")], told, "p1") == [mine]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 30)), max_size=8))
def test_united_spans_hold_the_same_minutes(told: list[tuple[int, int]]) -> None:
    def minute(count: int) -> str:
        return f"{count // 60:02}:{count % 60:02}"

    spans = [span(minute(start), minute(start + length)) for start, length in told]
    joined = united(spans)
    held = {start + step for start, length in told for step in range(length)}
    assert within(joined, span("00:00", "03:00")).total_seconds() == 60 * len(held)
    assert all(one.end < other.start for one, other in pairwise(joined))

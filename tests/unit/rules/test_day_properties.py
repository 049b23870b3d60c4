"""Whatever comes in whatever order, a day becomes the same; and no more evidence of presence makes anybody later."""

from __future__ import annotations

import os
import random
import time as process_time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.rules import evidence as ev
from collector.rules.codes import Code, State
from collector.rules.day import DayResult, judge_day
from collector.rules.document import DAY_RESULT
from collector.rules.hours import WIB, Turn
from tests.unit.rules.scene import TUESDAY, UNIT, WHO, complete, look, moment, rulebook

BOOK = rulebook()
MONDAY = TUESDAY - timedelta(days=1)
NURSE = replace(WHO["perawat"], rota=(Turn(day=TUESDAY, shift="malam"), Turn(day=MONDAY, shift="siang")))
PEOPLE = st.sampled_from([WHO["PNS"], WHO["guru"], WHO["guru 2019"], WHO["guru honorer"], NURSE])
DAYS = st.sampled_from([MONDAY, TUESDAY])
A_DAY_AND_A_HALF = 36 * 60
FACES = (*[ev.Method.FACE] * 6, *ev.Method)
EXAMPLES = 40


def at(day: date, minutes: int, seconds: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=WIB) + timedelta(minutes=minutes, seconds=seconds)


def choices(number: int) -> Callable[[int], int]:
    """Takes one number apart into small ones: drawing one is much faster than drawing ten."""
    left = [number]

    def choose(below: int) -> int:
        left[0], chosen = divmod(left[0], below)
        return chosen

    return choose


def look_of(number: int) -> ev.Look:
    """A look within 60 hours; half of them at a time that is trusted."""
    choose = choices(number)
    begun = at(MONDAY, choose(60 * 60), choose(60))
    seen = look(begun, choose(1000), kiosk="ab"[choose(2)])
    if choose(2):
        return seen
    earliest, latest = begun - timedelta(minutes=choose(300)), begun + timedelta(minutes=choose(300))
    when = ev.Moment(at=begun, earliest=earliest, latest=latest, basis=tuple(ev.Basis)[choose(3)])
    return replace(seen, when=when, method=FACES[choose(len(FACES))])


def outage_of(number: int) -> ev.Outage:
    choose = choices(number)
    since = at(MONDAY, choose(60 * 60))
    return ev.Outage(
        kiosk="abc"[choose(3)],
        since=since,
        until=since + timedelta(minutes=1 + choose(400)),
        cause=tuple(ev.Cause)[choose(len(ev.Cause))],
        person=(None, "p1", "p2")[choose(3)],
    )


def letters_of(number: int) -> ev.Evidence:
    """Kiosks; and seldom a letter, a manual line, a ruling, a disaster."""
    choose = choices(number)
    day = MONDAY + timedelta(days=choose(2))
    kiosks = tuple(replace(complete(MONDAY, name), at_place=bool(choose(3))) for name in "abc"[: 1 + choose(3)])
    hours = (None, (moment(day, "07:00").time(), moment(day, "09:00").time()))[choose(2)]
    code = (Code.CT, Code.DL, Code.I)[choose(3)]
    permit = ev.Permit(person="p1", code=code, since=day, until=day, letter="800/1", hours=hours)
    why = tuple(ev.ManualWhy)[choose(4)]
    manual = ev.Manual(person="p1", at=at(day, choose(A_DAY_AND_A_HALF)), why=why, list="m1")
    effect = tuple(ev.Effect)[choose(len(ev.Effect))]
    ruling = ev.Ruling(person="p1", day=day, effect=effect, entry="S-1", record=f"a/c/{choose(1000)}")
    disaster = ev.Disaster(unit=UNIT, since=at(day, 300), until=at(day, 600), name="Semeru")
    return ev.Evidence(
        kiosks=kiosks,
        permits=() if choose(4) else (permit,),
        manuals=() if choose(3) else (manual,),
        rulings=() if choose(4) else (ruling,),
        disasters=() if choose(8) else (disaster,),
    )


NUMBERS = st.integers(0, 2**62)
LOOKS = NUMBERS.map(look_of)
OUTAGES = NUMBERS.map(outage_of)
EVIDENCE = st.builds(
    lambda letters, looks, outages: replace(letters, looks=tuple(looks), outages=tuple(outages)),
    NUMBERS.map(letters_of),
    st.lists(LOOKS, max_size=5),
    st.lists(OUTAGES, max_size=3),
)


def burden(result: DayResult) -> tuple[object, ...]:
    """All that is held against somebody on a day; an absent day weighs as a whole day of minutes."""
    absent = Code.TK in result.codes
    minutes = 1440 if absent else result.minutes_late + result.minutes_early
    return absent, minutes, Code.TA in result.codes, result.percent


def no_heavier(after: DayResult, before: DayResult) -> bool:
    return all(now <= then for now, then in zip(burden(after), burden(before), strict=True))  # type: ignore[operator]


def shuffled(facts: ev.Evidence, seed: int) -> ev.Evidence:
    """The same facts in another order, some of them twice, in three batches."""
    chance = random.Random(seed)
    batches: list[dict[str, tuple[object, ...]]] = [{}, {}, {}]
    for each in fields(facts):
        parts = list(getattr(facts, each.name))
        parts += chance.choices(parts, k=chance.randrange(3)) if parts else []
        chance.shuffle(parts)
        for part in parts:
            batch = chance.choice(batches)
            batch[each.name] = (*batch.get(each.name, ()), part)
    return ev.gather(ev.Evidence(**batch) for batch in batches)  # type: ignore[arg-type]


@settings(max_examples=EXAMPLES, deadline=None)
@given(PEOPLE, DAYS, EVIDENCE, NUMBERS)
def test_any_order_any_repetition_any_batches_give_the_same_bytes(
    who: ev.Person, day: date, facts: ev.Evidence, seed: int
) -> None:
    other = judge_day(who, day, shuffled(facts, seed), BOOK)
    assert DAY_RESULT.encode(other) == DAY_RESULT.encode(judge_day(who, day, facts, BOOK))


@settings(max_examples=EXAMPLES, deadline=None)
@given(PEOPLE, DAYS, EVIDENCE, LOOKS)
def test_one_look_more_makes_nobody_later_or_more_absent(
    who: ev.Person, day: date, facts: ev.Evidence, more: ev.Look
) -> None:
    before = judge_day(who, day, facts, BOOK)
    after = judge_day(who, day, replace(facts, looks=(*facts.looks, more)), BOOK)
    assert no_heavier(after, before), (before, after)


@settings(max_examples=EXAMPLES, deadline=None)
@given(PEOPLE, DAYS, EVIDENCE, OUTAGES)
def test_one_outage_more_makes_nobody_later_or_more_absent(
    who: ev.Person, day: date, facts: ev.Evidence, more: ev.Outage
) -> None:
    before = judge_day(who, day, facts, BOOK)
    assert no_heavier(judge_day(who, day, replace(facts, outages=(*facts.outages, more)), BOOK), before)


@settings(max_examples=EXAMPLES, deadline=None)
@given(PEOPLE, EVIDENCE, st.integers(0, 10**6))
def test_a_look_outside_every_window_never_matters(who: ev.Person, facts: ev.Evidence, number: int) -> None:
    early = look(at(TUESDAY, 4 * 60 + number % 59), 10**7)
    late = look(at(TUESDAY, 36 * 60 + number % 59), 10**7 + 1)
    before = judge_day(who, TUESDAY, facts, BOOK)
    assert judge_day(who, TUESDAY, replace(facts, looks=(early, *facts.looks, late)), BOOK) == before


@settings(max_examples=EXAMPLES, deadline=None)
@given(PEOPLE, DAYS, EVIDENCE, st.integers(-12, 14))
def test_moments_told_in_another_zone_are_the_same_moments(
    who: ev.Person, day: date, facts: ev.Evidence, hours: int
) -> None:
    zone = timezone(timedelta(hours=hours))
    moved = tuple(
        replace(
            each,
            when=replace(
                each.when,
                at=each.when.at.astimezone(zone),
                earliest=each.when.earliest.astimezone(UTC),
                latest=each.when.latest.astimezone(zone),
            ),
        )
        for each in facts.looks
    )
    assert DAY_RESULT.encode(judge_day(who, day, replace(facts, looks=moved), BOOK)) == DAY_RESULT.encode(
        judge_day(who, day, facts, BOOK)
    )


@pytest.fixture
def elsewhere() -> Iterator[None]:
    """The process in a zone with another date and summer time."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "America/New_York"
    process_time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    process_time.tzset()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("clock", ["07:30", "07:31", "21:40", "+07:05"])
def test_the_zone_of_the_process_does_not_matter(clock: str) -> None:
    facts = ev.Evidence(looks=(look(moment(TUESDAY, clock)),), kiosks=(complete(TUESDAY),))
    there = [judge_day(who, TUESDAY, facts, rulebook()) for who in (WHO["PNS"], NURSE)]
    os.environ["TZ"] = "Asia/Jakarta"
    process_time.tzset()
    assert there == [judge_day(who, TUESDAY, facts, rulebook()) for who in (WHO["PNS"], NURSE)]


@settings(max_examples=EXAMPLES, deadline=None)
@given(PEOPLE, DAYS, EVIDENCE, st.integers(0, 600))
def test_before_every_kiosk_is_complete_nothing_is_held_against_anyone(
    who: ev.Person, day: date, facts: ev.Evidence, minutes: int
) -> None:
    behind = replace(complete(MONDAY, "z"), complete_until=at(MONDAY, minutes), at_place=False)
    result = judge_day(who, day, replace(facts, kiosks=(*facts.kiosks, behind)), BOOK)
    assert not result.faults
    assert result.percent == 0
    assert result.state is State.OPEN or not result.working or result.codes[0] in {Code.CT, Code.DL, Code.I}


@settings(max_examples=EXAMPLES, deadline=None)
@given(PEOPLE, DAYS, EVIDENCE)
def test_results_survive_being_stored(who: ev.Person, day: date, facts: ev.Evidence) -> None:
    result = judge_day(who, day, facts, BOOK)
    assert DAY_RESULT.decode(DAY_RESULT.encode(result)) == result

"""What a change would do is known before it applies: who would be late that is not today."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

from collector.rules.codes import Code
from collector.rules.evidence import Evidence, Person
from collector.rules.hours import Hours
from collector.rules.impact import compare
from collector.rules.ready import five_days
from collector.rules.ruleset import Measure
from tests.unit.rules.scene import TUESDAY, complete, look, moment, person, rulebook, standing

NOW = rulebook()
EARLIER = rulebook(
    standing(patterns=(five_days(Hours(start=time(7), end=time(15, 30)), Hours(start=time(7), end=time(16))),))
)
DAYS = [TUESDAY, TUESDAY + timedelta(days=1)]


def came(name: str, clock: str) -> tuple[Person, Evidence]:
    """Somebody who came at that time on both days and left at 16:00."""
    looks = [
        look(moment(day, at), number, who=name)
        for number, (day, at) in enumerate((day, at) for day in DAYS for at in (clock, "16:00"))
    ]
    return person(name=name), Evidence(looks=tuple(looks), kiosks=(complete(DAYS[-1]),))


CROWD = dict([came("p1", "06:50"), came("p2", "07:15"), came("p3", "07:15"), came("p4", "07:45")])
PEOPLE = list(CROWD)
EVIDENCE = {somebody.id: facts for somebody, facts in CROWD.items()}


def test_an_earlier_start_makes_those_late_who_come_between() -> None:
    found = compare(PEOPLE, DAYS, EVIDENCE, NOW, EARLIER)
    assert found.newly_late == ("p2", "p3")
    assert found.no_longer_late == ()
    touched = [(each.day, each.person, each.before, each.after) for each in found.touched if each.day == TUESDAY]
    assert touched == [
        (TUESDAY, "p2", (Code.H,), (Code.H, Code.TL1)),
        (TUESDAY, "p3", (Code.H,), (Code.H, Code.TL1)),
        (TUESDAY, "p4", (Code.H, Code.TL1), (Code.H, Code.TL2)),
    ]


def test_a_tolerance_frees_people() -> None:
    found = compare(PEOPLE, DAYS, EVIDENCE, NOW, rulebook(standing(measure=Measure(tolerance=15))))
    assert (found.newly_late, found.no_longer_late) == ((), ("p4",))


def test_a_later_end_makes_people_leave_early() -> None:
    later = five_days(Hours(start=time(7, 30), end=time(17)), Hours(start=time(7, 30), end=time(17)))
    found = compare(PEOPLE, DAYS, EVIDENCE, NOW, rulebook(standing(patterns=(later,))))
    assert found.newly_early == ("p1", "p2", "p3", "p4")
    back = compare(PEOPLE, DAYS, EVIDENCE, rulebook(standing(patterns=(later,))), NOW)
    assert back.no_longer_early == found.newly_early


def test_the_same_rules_touch_nobody() -> None:
    found = compare(PEOPLE, DAYS, EVIDENCE, NOW, rulebook(replace(standing(), version=2)))
    assert found.touched == ()


def test_people_without_evidence_are_judged_too() -> None:
    book = rulebook(standing(since=date(2026, 1, 1)))
    assert compare([person()], DAYS, {}, NOW, book).touched == ()

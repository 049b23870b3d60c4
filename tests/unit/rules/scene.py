"""People, rulebooks and moments that the tests of the rules share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import holidays

from collector.rules.codes import Category
from collector.rules.evidence import Assignment, Evidence, KioskState, Look, Method, Moment, Person
from collector.rules.hours import WIB, Hours, OwnHours, Week, Windows
from collector.rules.ready import LESSONS, PART_TIME, PERPRES_21_2023, SHIFT, STANDING
from collector.rules.rulebook import Holiday, Rulebook
from collector.rules.ruleset import RuleSet

TUESDAY = date(2026, 5, 5)
OPD, UNIT, ELSEWHERE = "bkd", "bkd-mutasi", "dinkes"

_JOINT = holidays.Indonesia(years=[2026], categories=("government",))
PUBLISHED = tuple(
    Holiday(day=day, name=name, joint=day in _JOINT)
    for day, name in sorted(holidays.Indonesia(years=[2026], categories=("public", "government")).items())
)

TEACHER_2019 = Week(
    name="guru-2019",
    days=(*[Hours(start=time(7), end=time(14))] * 6, None),  # type: ignore[arg-type]
    windows=Windows(in_opens=60, in_closes=60, out_opens=0, out_closes=90),
)


def standing(**changes: object) -> RuleSet:
    """The standing rule set, with the 2019 teachers' pattern beside its own, and changes."""
    rules = replace(PERPRES_21_2023, patterns=(*PERPRES_21_2023.patterns, TEACHER_2019))
    return replace(rules, **changes)  # type: ignore[arg-type]


def rulebook(rules: RuleSet | None = None, overrides: Iterable[Holiday] = ()) -> Rulebook:
    """The ready rule sets, the standing one changed or not, with the published holidays of 2026."""
    return Rulebook([rules or standing(), *STANDING[1:]], PUBLISHED, overrides)


def moment(day: date, clock: str) -> datetime:
    """`07:30`, `07:30:59`, or `+07:05` on the next morning, in WIB."""
    on = day + timedelta(days=clock.startswith("+"))
    return datetime.combine(on, time.fromisoformat(clock.lstrip("+")), WIB)


def person(pattern: str = "five-day", category: Category = Category.PNS, name: str = "p1") -> Person:
    """Somebody of unit bkd-mutasi since 2020."""
    return Person(
        id=name,
        category=category,
        pattern=pattern,
        assignments=(Assignment(units=(UNIT, OPD), since=date(2020, 1, 1)),),
    )


def lessons_week() -> OwnHours:
    """Lessons on Tuesday and Thursday, 07:00 to 10:30."""
    lesson = Hours(start=time(7), end=time(10, 30))
    return OwnHours(since=date(2026, 1, 1), until=None, days=(None, lesson, None, lesson, None, None, None))


def part_time_week() -> OwnHours:
    """Four hours on each of five days."""
    four = Hours(start=time(8), end=time(12))
    return OwnHours(since=date(2026, 1, 1), until=None, days=(four, four, four, four, four, None, None))


WHO = {
    "PNS": person(),
    "guru": person("six-day", Category.PPPK),
    "guru 2019": person("guru-2019"),
    "perawat": person(SHIFT),
    "guru honorer": replace(person(LESSONS, Category.HONORER_GURU), own_hours=(lessons_week(),)),
    "paruh waktu": replace(person(PART_TIME, Category.PPPK_PARUH_WAKTU), own_hours=(part_time_week(),)),
}


def look(at: datetime, number: int = 1, *, who: str = "p1", method: Method = Method.FACE, kiosk: str = "a") -> Look:
    """A look at kiosk a, whose time is trusted."""
    return Look(record=f"{kiosk}/c/{number}", person=who, source=kiosk, when=Moment.exact(at), method=method, unit=UNIT)


def complete(day: date, kiosk: str = "a") -> KioskState:
    """A kiosk of the place whose records have all arrived, days later."""
    return KioskState(kiosk=kiosk, complete_until=datetime.combine(day + timedelta(days=3), time(), WIB))


def seen(day: date, *clocks: str) -> Evidence:
    """Looks at these times, everything in order with the kiosk."""
    return Evidence(
        looks=tuple(look(moment(day, clock), number) for number, clock in enumerate(clocks, 1)), kiosks=(complete(day),)
    )

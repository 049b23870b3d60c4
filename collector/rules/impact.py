"""What a change of rules would do to the same people on the same days, before it applies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from collector.rules.codes import EARLY, LATE, Code
from collector.rules.day import DayResult, judge_day
from collector.rules.evidence import Evidence, Person
from collector.rules.rulebook import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A person's day that a change would judge otherwise."""

    person: str
    unit: str
    day: date
    before: tuple[Code, ...]
    after: tuple[Code, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """People, by id in order, whom the change would touch on at least one of the days; and every day it would touch."""

    newly_late: tuple[str, ...]
    no_longer_late: tuple[str, ...]
    newly_early: tuple[str, ...]
    no_longer_early: tuple[str, ...]
    touched: tuple[Touched, ...]


def compare(
    people: Iterable[Person],
    days: Iterable[date],
    evidence: Mapping[str, Evidence],
    before: Rulebook,
    after: Rulebook,
) -> Impact:
    """Judge the same evidence (by person) under both rulebooks. Give settled days: an open one has no fault yet."""
    dates = sorted(set(days))
    pairs = [
        (judge_day(person, day, facts, before), judge_day(person, day, facts, after))
        for person in people
        for facts in (evidence.get(person.id, Evidence()),)
        for day in dates
    ]
    return impact(pairs)


def impact(pairs: Iterable[tuple[DayResult, DayResult]]) -> Impact:
    """The same from results that exist: each day as it was judged and as it would be."""
    changed = [(old, new) for old, new in pairs if old.codes != new.codes]
    return Impact(
        newly_late=_people((old, new) for old, new in changed if _has(new, LATE) and not _has(old, LATE)),
        no_longer_late=_people((old, new) for old, new in changed if _has(old, LATE) and not _has(new, LATE)),
        newly_early=_people((old, new) for old, new in changed if _has(new, EARLY) and not _has(old, EARLY)),
        no_longer_early=_people((old, new) for old, new in changed if _has(old, EARLY) and not _has(new, EARLY)),
        touched=tuple(
            sorted((_touched(old, new) for old, new in changed), key=lambda each: (each.day, each.unit, each.person))
        ),
    )


def _has(result: DayResult, codes: tuple[Code, ...]) -> bool:
    return any(code in result.codes for code in codes)


def _people(pairs: Iterable[tuple[DayResult, DayResult]]) -> tuple[str, ...]:
    return tuple(sorted({new.person for _, new in pairs}))


def _touched(old: DayResult, new: DayResult) -> Touched:
    return Touched(person=new.person, unit=new.unit or old.unit, day=new.day, before=old.codes, after=new.codes)

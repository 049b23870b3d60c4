"""The monthly recap of a person from their days, and what becomes of it after the month is closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from collector.rules.codes import Code, State
from collector.rules.day import DayResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Recap:
    """The sums of some days of one person. `counts`: days or events by code, those that occur, in the order of Code.

    `working_days`: HK. `unsettled`: days open or in review.
    `percent`: of all events, before the month's cap. `rules`: rule-set versions that judged, in order of name.
    """

    person: str
    working_days: int
    counts: tuple[tuple[Code, int], ...]
    no_check_in: int
    no_check_out: int
    minutes_late: int
    minutes_early: int
    percent: Decimal
    unsettled: tuple[date, ...]
    rules: tuple[str, ...]

    def count(self, code: Code) -> int:
        """Days or events of one code."""
        return dict(self.counts).get(code, 0)


def recap(person: str, days: Iterable[DayResult]) -> Recap:
    """The sums over this person's days, in any order; one result a date. Raises ValueError for two of a date."""
    mine = _one_a_date(person, days)
    counted = Counter(code for day in mine for code in day.codes)
    return Recap(
        person=person,
        working_days=sum(day.working for day in mine),
        counts=tuple((code, counted[code]) for code in Code if counted[code]),
        no_check_in=sum(day.no_check_in for day in mine),
        no_check_out=sum(day.no_check_out for day in mine),
        minutes_late=sum(day.minutes_late for day in mine),
        minutes_early=sum(day.minutes_early for day in mine),
        percent=sum((day.percent for day in mine), Decimal(0)),
        unsettled=tuple(day.day for day in mine if day.state is not State.FINAL),
        rules=tuple(sorted({day.rules for day in mine if day.rules})),
    )


def _one_a_date(person: str, days: Iterable[DayResult]) -> list[DayResult]:
    mine: dict[date, DayResult] = {}
    for day in days:
        if day.person != person:
            continue
        if mine.setdefault(day.day, day) != day:
            raise ValueError(f"person {person} has two different results for {day.day}: give the current one alone")
    return [mine[on] for on in sorted(mine)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A date of a closed month that would be judged otherwise now. What was paid stays; this goes to the next month.

    `percent`, `minutes`: now less then; below zero is in the person's favour.
    """

    person: str
    day: date
    then: DayResult
    now: DayResult
    percent: Decimal
    minutes: int


def corrections(closed: Iterable[DayResult], derived: Iterable[DayResult]) -> list[Correction]:
    """What differs between a closed month and the same month derived again, by person and date.

    Only what matters is a difference: codes, minutes, percent. A day that is open again waits and is left out. Raises
    ValueError when a closed day was not derived again.
    """
    anew = {(day.person, day.day): day for day in derived}
    found: list[Correction] = []
    for then in sorted(set(closed), key=lambda each: (each.person, each.day)):
        now = anew.get((then.person, then.day))
        if now is None:
            raise ValueError(
                f"{then.day} of person {then.person} was closed and not derived again: derive the whole month"
            )
        if now.state is State.FINAL and _weight(now) != _weight(then):
            found.append(_correction(then, now))
    return found


def _weight(day: DayResult) -> tuple[object, ...]:
    return day.codes, day.minutes_late, day.minutes_early, day.percent, day.no_check_in, day.no_check_out


def _correction(then: DayResult, now: DayResult) -> Correction:
    return Correction(
        person=then.person,
        day=then.day,
        then=then,
        now=now,
        percent=now.percent - then.percent,
        minutes=now.minutes_late + now.minutes_early - then.minutes_late - then.minutes_early,
    )


def unsettled(days: Iterable[DayResult]) -> list[DayResult]:
    """The days that keep a month from being closed: open ones and those in review, by date and person."""
    waiting = {day for day in days if day.state is not State.FINAL}
    return sorted(waiting, key=lambda each: (each.day, each.person))

"""Discipline counters of a calendar year, and the early warning. It names the paragraph, never a punishment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from collector.rules.codes import Code, State
from collector.rules.day import DayResult
from collector.rules.ruleset import Ladder, Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a person stands in a calendar year. `absent`: days without reason; `minutes`: late and early together;
    `days`: both as days; `longest_row`: most working days absent in a row that touch this year."""

    person: str
    year: int
    absent: int
    minutes: int
    days: int
    longest_row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A paragraph that is reached (`missing` 0) or near. `counted`: days so far; `missing`: days to it."""

    law: str
    rung: Rung
    counted: int
    missing: int

    @property
    def reached(self) -> bool:
        """Whether the counted days are within the paragraph."""
        return self.missing == 0


def standing(person: str, year: int, days: Iterable[DayResult], ladder: Ladder) -> Standing:
    """The counters from the person's final days; open ones and those in review count nothing.

    Give the days of late December before too: ten working days in a row may begin in the old year.
    """
    final = {day.day: day for day in days if day.person == person and day.state is State.FINAL}
    this_year = [day for on, day in final.items() if on.year == year]
    absent = sum(Code.TK in day.codes for day in this_year)
    minutes = sum(day.minutes_late + day.minutes_early for day in this_year)
    return reckoned(Tally(person, absent, minutes, max(rows(final, year), default=0)), year, ladder)


@dataclass(frozen=True, slots=True)
class Tally:
    """What the counters rest on, counted elsewhere: days absent, minutes late and early, the longest row."""

    person: str
    absent: int = 0
    minutes: int = 0
    longest_row: int = 0


def reckoned(tally: Tally, year: int, ladder: Ladder) -> Standing:
    """The standing that a tally gives."""
    return Standing(
        person=tally.person,
        year=year,
        absent=tally.absent,
        minutes=tally.minutes,
        days=tally.absent + tally.minutes // ladder.minutes_a_day,
        longest_row=tally.longest_row,
    )


def rows(final: dict[date, DayResult], year: int) -> list[int]:
    """Lengths of the rows of working days absent without reason that touch that year; days off do not break a row."""
    lengths: list[int] = []
    length, touches = 0, False
    for on in sorted(final):
        if not final[on].working:
            continue
        if Code.TK in final[on].codes:
            length, touches = length + 1, touches or on.year == year
            continue
        lengths += [length] if touches else []
        length, touches = 0, False
    return [*lengths, length] if touches else lengths


def notices(where: Standing, ladder: Ladder) -> list[Notice]:
    """The paragraph reached and the next one near, for days in the year and for days in a row."""
    found: list[Notice] = []
    for in_row, counted in ((False, where.days), (True, where.longest_row)):
        rungs = sorted((rung for rung in ladder.rungs if rung.in_row is in_row), key=lambda rung: rung.least)
        reached = [rung for rung in rungs if rung.least <= counted]
        nearing = [rung for rung in rungs if 0 < rung.least - counted <= ladder.ahead and counted > 0]
        told = (*reached[-1:], *nearing[:1])
        found += [Notice(law=ladder.law, rung=r, counted=counted, missing=max(0, r.least - counted)) for r in told]
    return found

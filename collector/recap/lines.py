"""From judged days to one line a person: sums of the month, standing in the year. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from collector.recap.month import Month, ranges, written
from collector.recap.people import Member
from collector.rules.codes import Code
from collector.rules.day import DayResult
from collector.rules.discipline import Notice, Standing, Tally, notices, reckoned, standing
from collector.rules.month import Correction, Recap, recap

WITHOUT_COLUMN = (Code.DK, Code.WFA, Code.CLTN)
"""Codes of working days for which the recap has no column: their number stands in the note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One person's month. `percent`: deduction after the month's cap, 0..cap; `days`: in this unit, in order of date.

    `year`: standing up to the end of the month. `corrections`: days of earlier closed months that this one takes up.
    """

    member: Member
    month: Recap
    percent: Decimal
    days: tuple[DayResult, ...]
    year: Standing
    notices: tuple[Notice, ...]
    note: str
    corrections: tuple[Correction, ...] = ()

    @property
    def discipline(self) -> Decimal:
        """What is left of the discipline part, in percent."""
        return Decimal(100) - self.percent

    @property
    def corrected(self) -> Decimal:
        """Percent that the corrections add; below zero is in the person's favour."""
        return sum((each.percent for each in self.corrections), Decimal(0))


def lines(  # noqa: PLR0913, PLR0917 - what a recap is made of
    members: Iterable[Member],
    results: Iterable[DayResult],
    month: Month,
    units: frozenset[str],
    closed: Iterable[DayResult] = (),
    tallies: Mapping[str, Tally] | None = None,
) -> tuple[Line, ...]:
    """A line for everybody who has at least one day in these units, by unit, name and number.

    `results`: of these people as they are known now, from late December of the year before on; days after the month are
    left out. `closed`: days of the month as they were paid: they stand in place of what is known now, but the counters
    of the year rest on what is known now. `tallies`: of the year up to the month's end where they were counted by the
    database, so that `results` may hold the month alone. Raises ValueError for two results of a date.
    """
    known, paid = _by_person(results, month), _by_person(closed, month)
    judged = {day.day for days in (*known.values(), *paid.values()) for day in days if day.day >= month.days[0]}
    scope = _Scope(units, month, len(judged), tallies)
    found = [_line(member, known[member.id], paid[member.id], scope) for member in members]
    return tuple(sorted((line for line in found if line.days), key=_order))


def _by_person(results: Iterable[DayResult], month: Month) -> dict[str, list[DayResult]]:
    mine: dict[str, list[DayResult]] = defaultdict(list)
    for result in results:
        if result.day <= month.days[-1]:
            mine[result.person].append(result)
    return mine


@dataclass(frozen=True, slots=True)
class _Scope:
    """`judged`: dates of the month for which anybody has a result."""

    units: frozenset[str]
    month: Month
    judged: int
    tallies: Mapping[str, Tally] | None


def _order(line: Line) -> tuple[str, str, str, str]:
    member = line.member
    return member.unit, member.name.casefold(), member.number, member.id


def _line(member: Member, known: list[DayResult], paid: list[DayResult], scope: _Scope) -> Line:
    days = _days_here(known, paid, scope)
    sums = recap(member.id, days)
    year = _standing(member, known, scope)
    return Line(
        member=member,
        month=sums,
        percent=min(sums.percent, member.tpp.cap),
        days=days,
        year=year,
        notices=tuple(notices(year, member.ladder)),
        note=_note(sums, [day.day for day in days], scope.judged),
    )


def _standing(member: Member, known: list[DayResult], scope: _Scope) -> Standing:
    if scope.tallies is None:
        return standing(member.id, scope.month.year, known, member.ladder)
    return reckoned(scope.tallies.get(member.id, Tally(member.id)), scope.month.year, member.ladder)


def _days_here(known: list[DayResult], paid: list[DayResult], scope: _Scope) -> tuple[DayResult, ...]:
    """The month's days in these units: as paid where they were, as known now elsewhere. The same day twice counts once."""
    stays = {day.day for day in paid}
    days = {day for day in (*paid, *(day for day in known if day.day not in stays)) if day.day >= scope.month.days[0]}
    return tuple(sorted((day for day in days if day.unit in scope.units), key=lambda each: each.day))


def _note(sums: Recap, here: list[date], judged: int) -> str:
    """What a number alone would leave unexplained."""
    told = [f"{code} {count}" for code, count in sums.counts if code in WITHOUT_COLUMN]
    if here and len(here) < judged:
        told.append(f"di unit ini {_spans(here)}")
    if sums.unsettled:
        told.append(f"belum final: tgl {ranges(sums.unsettled)}")
    return "; ".join(told)


def _spans(here: list[date]) -> str:
    whole = (max(here) - min(here)).days + 1 == len(here)
    return f"{written(min(here))} s.d. {written(max(here))}" if whole else f"tgl {ranges(here)}"

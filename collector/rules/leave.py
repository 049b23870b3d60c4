"""Annual leave by PerBKN 24/2017: 12 working days a year; with what was left 18; after two years unused 24."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from collector.rules.codes import Code
from collector.rules.evidence import Person
from collector.rules.rulebook import Rulebook
from collector.rules.workday import work_day

YEARLY = 12
CARRIED = 6
UNUSED_YEARS = 2
LONGEST = 24
"""Working days: of one year; carried over at most; years wholly unused in a row, after which this many may be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveYear:
    """One year's account, in working days. `right`: what may be taken in all, from the date `since` on (None: no right this year);
    `left` may be below zero: too much was taken."""

    year: int
    since: date | None
    right: int
    taken: int

    @property
    def left(self) -> int:
        """What may still be taken this year."""
        return self.right - self.taken


def annual_leave(
    year: int,
    joined: date,
    taken: Mapping[int, int],
    *,
    long_leave: frozenset[int] = frozenset(),
    added: Mapping[int, int] | None = None,
) -> LeaveYear:
    """The account of one year. `joined`: first day of service; `taken`: working days of CT by year; a year
    that is not in it is unknown and leaves nothing over: give 0 for one in which none was taken.

    `long_leave`: years in which CB was taken, without right to annual leave. `added`: days given on top by year, for
    joint leave that was worked; they are not carried over.
    """
    extra = added or {}
    own = _own(year, joined, long_leave)
    right = min(LONGEST, own + _carried(year, joined, taken, long_leave)) if own else 0
    since = max(date(year, 1, 1), _anniversary(joined)) if own else None
    return LeaveYear(year=year, since=since, right=right + extra.get(year, 0), taken=taken.get(year, 0))


def _anniversary(joined: date) -> date:
    """One year of service is whole: who began on 29 February waits until 1 March."""
    leap_day = (joined.month, joined.day) == (2, 29)
    return date(joined.year + 1, 3, 1) if leap_day else joined.replace(year=joined.year + 1)


def _own(year: int, joined: date, long_leave: frozenset[int]) -> int:
    """A right begins after one whole year of service, within the year in which it ends."""
    return YEARLY if year > joined.year and year not in long_leave else 0


def _carried(year: int, joined: date, taken: Mapping[int, int], long_leave: frozenset[int]) -> int:
    """What last year left, at most 6; after two years wholly unused, 12."""
    last = [year - back for back in range(1, UNUSED_YEARS + 1)]
    if all(_own(each, joined, long_leave) and taken.get(each) == 0 for each in last):
        return LONGEST - YEARLY
    before = year - 1
    used = taken.get(before)
    if used is None or not _own(before, joined, long_leave):
        return 0
    from_older = min(used, _carried(before, joined, taken, long_leave))
    return max(0, min(CARRIED, YEARLY - (used - from_older)))


def leave_days(person: Person, since: date, until: date, book: Rulebook) -> list[date]:
    """The working days of this person between two dates, both included: what a leave of those dates costs.

    Raises RulesError or LookupError when the rules or the schedule are contradictory.
    """
    dates = (since + timedelta(days=count) for count in range((until - since).days + 1))
    return [each for each in dates if _works(person, each, book)]


def _works(person: Person, day: date, book: Rulebook) -> bool:
    assignment = person.assigned(day)
    if assignment is None:
        return False
    rules = book.rules(person.category, assignment.units, day)
    asked = work_day(person, day, rules, book.holiday(assignment.units, day))
    return asked.duty is not None


def taken_days(person: Person, spans: list[tuple[Code, date, date]], year: int, book: Rulebook) -> int:
    """Working days of annual leave (CT) in a year, from the person's leaves; a day in two letters counts once."""
    days = {day for code, since, until in spans if code is Code.CT for day in leave_days(person, since, until, book)}
    return sum(day.year == year for day in days)

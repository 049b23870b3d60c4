"""When people of a unit come and go, by the rules: a kiosk that is silent then is missed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from collector.judging.evidence import usual_pattern
from collector.judging.marks import local_date
from collector.judging.organisation import Organisation
from collector.rules.codes import Category
from collector.rules.errors import RulesError
from collector.rules.evidence import Person
from collector.rules.hours import Span
from collector.rules.rulebook import Rulebook
from collector.rules.workday import work_day

AHEAD = timedelta(minutes=30)
"""So long before the start a kiosk has to be up: the first people come then."""


class WorkingHours:
    """The usual hours of units on dates; each is worked out once."""

    def __init__(self, book: Rulebook, organisation: Organisation) -> None:
        self._book = book
        self._organisation = organisation
        self._known: dict[tuple[str, date], Span | None] = {}

    def at(self, unit: str, now: datetime) -> bool:
        """Whether people of this unit usually work at that moment, or are about to begin."""
        day = local_date(now)
        span = self.hours(unit, day)
        return span is not None and Span(span.start - AHEAD, span.end).holds(now)

    def hours(self, unit: str, day: date) -> Span | None:
        """The usual hours of that date; None on a day off, and where the rules say nothing or contradict themselves."""
        key = (unit, day)
        if key not in self._known:
            self._known[key] = self._of(unit, day)
        return self._known[key]

    def _of(self, unit: str, day: date) -> Span | None:
        path = self._organisation.path(unit)
        pattern = usual_pattern(Category.PNS, self._organisation.kinds.get(unit, ""))
        somebody = Person(id="", category=Category.PNS, pattern=pattern, assignments=())
        try:
            rules = self._book.rules(Category.PNS, path, day)
            duty = work_day(somebody, day, rules, self._book.holiday(path, day)).duty
        except (RulesError, LookupError):
            return None  # judging says so already
        return duty.hours if duty else None

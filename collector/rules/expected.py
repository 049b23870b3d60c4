"""Whether anybody may expect a person at work at a moment. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from collector.rules.evidence import Person
from collector.rules.hours import WIB
from collector.rules.rulebook import Rulebook
from collector.rules.workday import WorkDay, work_day

ONE_DAY = timedelta(days=1)


def expected(before: Person, person: Person, at: datetime, book: Rulebook) -> bool:
    """Whether the hours of that date, or of a shift that began the day before, hold the moment; or nobody knows the hours.

    `person`: as on the date of `at`; `before`: the same one as on the day before.

    Raises RulesError or LookupError when the rules or the schedule are contradictory.
    """
    day = at.astimezone(WIB).date()
    today = _asked(person, day, book)
    if today is not None and today.duty is None and today.code is None:
        return True
    return any(
        asked and asked.duty and asked.duty.hours.holds(at) for asked in (_asked(before, day - ONE_DAY, book), today)
    )


def _asked(person: Person, day: date, book: Rulebook) -> WorkDay | None:
    """What a date asks; None of somebody who does not serve."""
    assigned = person.assigned(day)
    if assigned is None:
        return None
    return work_day(person, day, book.rules(person.category, assigned.units, day), book.holiday(assigned.units, day))

"""Where a person's place is at a moment: at work, at a gathering, or wherever they like. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from collector.rules.evidence import Permit, Person
from collector.rules.hours import WIB, Hours
from collector.rules.rulebook import Rulebook
from collector.rules.ruleset import AssemblyKind
from collector.rules.workday import WorkDay, work_day

ONE_DAY = timedelta(days=1)
HELD_ELSEWHERE = frozenset((AssemblyKind.APEL, AssemblyKind.UPACARA, AssemblyKind.SKJ))
"""Gatherings that people go to, on the yard or at the regent's; the midday check is a look on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where somebody's place is. `at_work`: within their hours, or nobody knows these; `gathering`: the name of an apel,
    upacara or SKJ in whose window the moment lies, empty for none. `since`: from when on a look can be their coming, of the duty
    that holds the moment, and `began` the date on which it begins; None where none does."""

    at_work: bool
    gathering: str = ""
    since: datetime | None = None
    began: date | None = None

    @property
    def awaited(self) -> bool:
        """Whether somebody who is not at the unit is missed there: where a gathering is held no rule says."""
        return self.at_work and not self.gathering

    def begin(self, at: datetime) -> datetime:
        """From when on looks say that they had come, to somebody who is sought at `at`: without a duty, from that date's midnight."""
        return self.since or datetime.combine(at.astimezone(WIB).date(), time(), WIB)

    def counts(self, look: datetime, at: datetime) -> bool:
        """Whether a look says that they had come before `at`."""
        return self.begin(at) <= look <= at

    def excused(self, permit: Permit, at: datetime) -> bool:
        """Whether that letter lets its person be away at `at`: it is for the date on which the duty begins, and one for a part of the
        day only within that part, which lies on both dates that a night's shift touches."""
        calendar = at.astimezone(WIB).date()
        day = self.began or calendar
        if not permit.since <= day <= permit.until:
            return False
        if permit.hours is None:
            return True
        part = Hours(start=permit.hours[0], end=permit.hours[1])
        return any(part.on(each).holds(at) for each in (day, calendar))


AT_WORK = Place(at_work=True)


def place(before: Person, person: Person, at: datetime, book: Rulebook) -> Place:
    """Where the person's place is by the hours and gatherings of that date, and of the day before as far as they reach over midnight.

    `person`: as on the date of `at`; `before`: the same one as on the day before.

    Raises RulesError or LookupError when the rules or the schedule are contradictory.
    """
    day = at.astimezone(WIB).date()
    today = _asked(person, day, book)
    dated = ((day - ONE_DAY, _asked(before, day - ONE_DAY, book)), (day, today))
    asked = [each for _, each in dated if each]
    unknown = today is not None and today.duty is None and today.code is None
    held = [(each.duty.arrive.start, on) for on, each in dated if each and each.duty and each.duty.hours.holds(at)]
    since, began = min(held, default=(None, None))
    return Place(
        at_work=unknown or bool(held),
        gathering=next((name for each in asked for name in _gatherings(each, at)), ""),
        since=since,
        began=began,
    )


def _gatherings(asked: WorkDay, at: datetime) -> list[str]:
    return [each.name for each in asked.gatherings if each.kind in HELD_ELSEWHERE and each.span.holds(at)]


def _asked(person: Person, day: date, book: Rulebook) -> WorkDay | None:
    """What a date asks; None of somebody who does not serve."""
    assigned = person.assigned(day)
    if assigned is None:
        return None
    return work_day(person, day, book.rules(person.category, assigned.units, day), book.holiday(assigned.units, day))

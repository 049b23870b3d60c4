"""What is asked of a person on a work date: hours, windows, gatherings; or why nothing is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from collector.rules.codes import Code, Reason, ReasonKind, reason
from collector.rules.errors import OverlapError
from collector.rules.evidence import Permit, Person
from collector.rules.hours import MINUTE, Hours, OwnWeek, Pattern, Rota, Span, Turn, Week, Windows
from collector.rules.rulebook import Holiday
from collector.rules.ruleset import AssemblyKind, RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """An assembly of this date, as a span."""

    name: str
    kind: AssemblyKind
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Working time of one date. `hours`: when one must be there; `minutes`: working minutes, without break and before
    any partial permit; `arrive`, `leave`: when a look counts as coming or going, never overlapping."""

    hours: Span
    minutes: int
    arrive: Span
    leave: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkDay:
    """What one date asks. `duty` None: nothing but the gatherings, and `code` and `why` say why; `code` None: nobody knows."""

    duty: Duty | None
    gatherings: tuple[Gathering, ...]
    code: Code | None = None
    why: Reason | None = None

    @property
    def closes(self) -> datetime | None:
        """When the last window ends: nothing later can change the day."""
        ends = [gathering.span.end for gathering in self.gatherings]
        return max([*ends, *([self.duty.leave.end] if self.duty else [])], default=None)


def work_day(
    person: Person, day: date, rules: RuleSet, holiday: Holiday | None, permits: Sequence[Permit] = ()
) -> WorkDay:
    """What that date asks of this person; `permits`: those that cover a part of the day. Raises LookupError for a
    pattern or shift that does not exist, OverlapError when two own weeks or turns claim the date."""
    pattern = rules.pattern(person.pattern)
    hours, code, why = _hours(person, pattern, day, holiday)
    gatherings = _gatherings(rules, person.pattern, day, dated_only=hours is None)
    if hours is None:
        return WorkDay(duty=None, gatherings=gatherings, code=code, why=why)
    duty = _duty(hours, day, pattern.windows or rules.windows, permits, gatherings)
    return WorkDay(duty=duty, gatherings=gatherings)


def _hours(
    person: Person, pattern: Pattern, day: date, holiday: Holiday | None
) -> tuple[Hours | None, Code | None, Reason | None]:
    if isinstance(pattern, Rota):
        return _rota_hours(pattern, _turn(person, day))
    if holiday is not None:
        code, kind = (Code.CBER, ReasonKind.JOINT_LEAVE) if holiday.joint else (Code.LB, ReasonKind.HOLIDAY)
        return None, code, reason(kind, name=holiday.name, decree=holiday.decree)
    week = pattern.days if isinstance(pattern, Week) else _own_days(person, pattern, day)
    if week is None:
        return None, None, reason(ReasonKind.NO_HOURS)
    hours = week[day.weekday()]
    return (hours, None, None) if hours else (None, Code.LB, reason(ReasonKind.WEEKLY_OFF))


def _rota_hours(pattern: Rota, turn: Turn | None) -> tuple[Hours | None, Code | None, Reason | None]:
    if turn is None:
        return None, None, reason(ReasonKind.NO_ROTA)
    if turn.shift is None:
        return None, turn.off, reason(ReasonKind.ROTA_OFF)
    return pattern.shift(turn.shift).hours, None, None


def _turn(person: Person, day: date) -> Turn | None:
    turns = {turn for turn in person.rota if turn.day == day}
    if len(turns) > 1:
        raise OverlapError(f"person {person.id} has {len(turns)} turns on {day}: keep one")
    return next(iter(turns), None)


def _own_days(person: Person, pattern: OwnWeek, day: date) -> tuple[Hours | None, ...] | None:
    valid = {own for own in person.own_hours if own.holds(day)}
    if len(valid) > 1:
        raise OverlapError(f"person {person.id} has {len(valid)} weeks of {pattern.name} on {day}: end the older one")
    return next(iter(valid)).days if valid else None


def _gatherings(rules: RuleSet, pattern: str, day: date, *, dated_only: bool) -> tuple[Gathering, ...]:
    held = [each for each in rules.assemblies if each.held(day, pattern)]
    return tuple(
        Gathering(name=each.name, kind=each.kind, span=Hours(start=each.opens, end=each.closes).on(day))
        for each in held
        if not dated_only or (each.on == day and each.kind is AssemblyKind.UPACARA)
    )


def _duty(
    hours: Hours, day: date, windows: Windows, permits: Iterable[Permit], gatherings: Iterable[Gathering]
) -> Duty:
    whole = hours.on(day)
    asked = _trimmed(whole, [part for permit in permits for part in _parts(permit, whole)])
    middle = asked.start + (asked.end - asked.start) / 2
    opens = min([whole.start - windows.in_opens * MINUTE, *(each.span.start for each in gatherings)])
    in_until = middle if windows.in_closes is None else asked.start + (windows.in_closes + 1) * MINUTE
    out_from = middle if windows.out_opens is None else asked.end - windows.out_opens * MINUTE
    closes = whole.end + (windows.out_closes + 1) * MINUTE
    minutes = (whole.end - whole.start) // MINUTE - hours.break_minutes
    return Duty(hours=asked, minutes=minutes, arrive=Span(opens, in_until), leave=Span(max(in_until, out_from), closes))


def _parts(permit: Permit, whole: Span) -> list[Span]:
    """A permit's hours, laid on both dates that a shift across midnight touches."""
    if permit.hours is None:
        return []
    hours = Hours(start=permit.hours[0], end=permit.hours[1])
    return [hours.on(each) for each in sorted({whole.start.date(), whole.end.date()})]


def _trimmed(whole: Span, parts: list[Span]) -> Span:
    """What is left of the hours after parts at their beginning or end; nothing left is an empty span at the end."""
    start, end = whole.start, whole.end
    for part in sorted(parts, key=lambda each: (each.start, each.end)):
        if part.start <= start < part.end:
            start = part.end
    for part in sorted(parts, key=lambda each: (each.end, each.start), reverse=True):
        if part.start < end <= part.end:
            end = part.start
    return Span(start, max(start, end))

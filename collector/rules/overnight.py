"""Which looks a date shows of somebody who works across midnight. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from collector.rules.hours import Span
from collector.rules.workday import Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class Nights:
    """What a date and the day before it ask of one person; None: nothing, or nobody knows."""

    before: Duty | None
    own: Duty | None


def windows(duty: Duty | None) -> Span | None:
    """Within which a look can matter to the work day, as the judge has it."""
    return Span(duty.arrive.start, duty.leave.end) if duty else None


def shown(nights: Nights, looks: Iterable[datetime], day: Span, now: datetime) -> list[datetime]:
    """The looks that the board of a date shows, in order. `day`: from its midnight to the next.

    A look belongs to the work day in whose windows it lies: who leaves at 07:05 after a night's shift has not come on that
    date, and their leaving is the last look of the date on which the shift began. While a shift that began the day before
    lasts, its looks are shown: who is at work is not missing.
    """
    told = sorted(looks)
    before, own = windows(nights.before), windows(nights.own)
    counted = [each for each in told if _of_date(each, day, before, own)]
    lasts = nights.before is not None and nights.before.hours.holds(now) and day.holds(now)
    if counted or not lasts or before is None:
        return counted
    return [each for each in told if before.holds(each)]


def _of_date(look: datetime, day: Span, before: Span | None, own: Span | None) -> bool:
    if own is not None and own.holds(look):
        return True
    return day.holds(look) and not (before is not None and before.holds(look))

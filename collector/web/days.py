"""A person's days as pages show them: what each became, and why, over the looks that it rests on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from collector.appealing import choices
from collector.appealing.choices import Contestable
from collector.reports.day import Day
from collector.reports.looks import Group, by_day, looks_of_person
from collector.web.appeal_words import GROUNDS, STAGES
from collector.web.desk import Desk
from collector.web.reasons import words as reason_words
from collector.web.violations import KINDS

_MONTH = re.compile(r"^(20\d\d)-(0[1-9]|1[0-2])$")


@dataclass(frozen=True, slots=True)
class ShownDay:
    """A date: what it became (None: not judged), and its looks with their repeats."""

    day: date
    became: Contestable | None
    looks: tuple[Group, ...]


def days_of(desk: Desk, session: Session, person: str, first: date) -> list[ShownDay]:
    """The days of the month that begins on `first`, the newest first. Four queries."""
    last = last_of(first)
    became = {one.day: one for one in choices.days(session, person, first, last)}
    looks = dict(by_day(looks_of_person(session, person, *span(desk, first)), desk.zone))
    return [ShownDay(day, became.get(day), tuple(looks.get(day, ()))) for day in sorted(became | looks, reverse=True)]


def words() -> dict[str, Any]:
    """What the templates of a day need beside it."""
    return {"reason_words": reason_words, "stages": STAGES, "grounds": GROUNDS, "kinds": KINDS}


def month_asked(today: date) -> date:
    """First day of the month of `?month=YYYY-MM`, else of today's."""
    asked = _MONTH.match(request.args.get("month", ""))
    return date(int(asked[1]), int(asked[2]), 1) if asked else today.replace(day=1)


def shift(first: date, months: int) -> date:
    """The first day of another month."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def last_of(first: date) -> date:
    """The last date of the month that begins on `first`."""
    return shift(first, 1) - timedelta(days=1)


def span(desk: Desk, first: date) -> tuple[datetime, datetime]:
    """A month from its first moment to before the next month's."""
    return Day.of(first, desk.zone).start, Day.of(last_of(first), desk.zone).end

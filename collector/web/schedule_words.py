"""What the pages of people's hours say when something cannot be set as asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache

from babel.dates import format_date
from flask import g
from sqlalchemy.orm import Session

from collector.accounts.roles import BKD
from collector.errors import CollectorError
from collector.schedules.errors import Rule, ScheduleError
from collector.schedules.standing import Hand
from collector.web.access import me, reach
from collector.web.desk import Desk
from collector.web.forms import tell
from collector.web.hours_words import PATTERNS
from collector.web.people_words import told
from collector.web.words import N_, translations

A_MONDAY = date(2026, 1, 5)
RULES: Mapping[Rule, str] = {
    Rule.NOBODY: N_("Nobody is named who enters it."),
    Rule.UNKNOWN: N_("No person %(person)s is known: give id, NIP or internal number."),
    Rule.TWICE: N_("Person %(person)s stands in two rows: keep one."),
    Rule.ELSEWHERE: N_("%(person)s does not serve at your units on %(day)s: check the person and the date."),
    Rule.PAST: N_("%(day)s is today or has passed: only BKD changes it, with a reason."),
    Rule.REASON: N_("%(day)s is today or has passed: give the reason."),
    Rule.CLOSED: N_(
        "%(day)s lies in a closed month, which stays as it was paid. A letter or an appeal becomes a correction."
    ),
    Rule.PATTERN: N_("Rule set %(rules)s, which holds on %(day)s, has no pattern %(value)s. It knows: %(known)s."),
    Rule.SHIFT: N_("%(value)s is no shift of %(pattern)s on %(day)s. Write one of %(known)s, LB, LJ, or nothing."),
    Rule.NO_ROTA: N_("%(person)s follows %(pattern)s on %(day)s, which has no rota: give a pattern of shifts first."),
    Rule.NO_WEEK: N_(
        "The pattern on %(day)s is %(pattern)s, which has no own week: give lesson or part-time hours first."
    ),
    Rule.ORDER: N_("It ends on %(until)s, before it begins on %(since)s."),
    Rule.TIMES: N_(
        "%(weekday)s, %(starts)s to %(ends)s: the end comes after the start on the same day, and the break fits in."
    ),
    Rule.LETTER: N_("An own week needs its letter or reason."),
    Rule.EMPTY: N_("The week has no hours at all: give at least one day."),
    Rule.OVERLAP: N_(
        "A week holds from %(since)s to %(until)s already: end that one first, or tick that it ends by itself."
    ),
    Rule.GONE: N_("This was changed or taken back meanwhile. Look at it again."),
    Rule.MEANWHILE: N_("%(person)s on %(day)s was changed by somebody else meanwhile. Look at it again."),
    Rule.MONTH: N_("The row is of month %(value)s, the page of %(month)s."),
    Rule.COLUMNS: N_("The file has no column %(value)s. Begin with the file of this page."),
    Rule.UNIT: N_("No unit %(value)s."),
}
Said = tuple[str, dict[str, str]]


def said(error: CollectorError, names: Mapping[str, str] | None = None) -> Said:
    """A refusal as words and their values, for `_(words, **values)`. `names`: of people, whose ids nobody knows by heart."""
    if not isinstance(error, ScheduleError):
        return "%(text)s", {"text": told(str(error))}
    return RULES[error.rule], {key: _value(key, value, names or {}) for key, value in error.values.items()}


def refuse(error: ScheduleError, names: Mapping[str, str] | None = None) -> None:
    """Say it on the next page."""
    words, values = said(error, names)
    tell(words, "bad", **values)


def hand(desk: Desk, session: Session, why: str = "") -> Hand:
    """Who asks, as one who changes hours."""
    account = me()
    return Hand(by=account.id, at=desk.now(), reach=reach(session), bkd=account.role in BKD, why=why)


def _value(key: str, value: str, names: Mapping[str, str]) -> str:
    if key == "person":
        return names.get(value, value)
    if key == "pattern":
        return _gettext(g.language)(PATTERNS.get(value, value))
    if key == "weekday":
        return str(format_date(A_MONDAY + timedelta(days=int(value) - 1), "EEEE", locale=g.language))
    try:
        return f"{date.fromisoformat(value):%d-%m-%Y}"
    except ValueError:
        return value


@cache
def _gettext(language: str) -> Callable[[str], str]:
    return translations(language).gettext

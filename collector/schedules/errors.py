"""Errors of people's hours, on one page; all are `collector.errors.CollectorError`.

ScheduleError (ValueError)   what was asked breaks a rule; `rule` says which, `values` what it is about
"""

from __future__ import annotations

from enum import StrEnum

from collector.errors import CollectorError


class Rule(StrEnum):
    """What hours of a person must keep to; the text names the value, the rule and the mend."""

    NOBODY = "nobody is named as the one who enters it: say who"
    UNKNOWN = "no person %(person)s: give a person id, NIP or internal number as `siperlu people list` shows it"
    TWICE = "person %(person)s stands in two rows: keep one"
    ELSEWHERE = "%(person)s does not serve at your units on %(day)s: check the person and the date"
    PAST = "%(day)s is today or has passed: only BKD changes it, with a reason"
    REASON = "%(day)s is today or has passed: give the reason"
    CLOSED = "%(day)s lies in a closed month, which stays as it was paid: enter a letter or an appeal, it becomes a correction"
    PATTERN = "%(value)s is no pattern of rule set %(rules)s, which holds on %(day)s: choose one of %(known)s"
    SHIFT = "%(value)s is no shift of pattern %(pattern)s on %(day)s: write one of %(known)s, LB, LJ, or nothing"
    NO_ROTA = "%(person)s follows %(pattern)s on %(day)s, which has no rota: give them a pattern of shifts first"
    NO_WEEK = (
        "%(person)s follows %(pattern)s on %(day)s, which has no own week: give them lesson or part-time hours first"
    )
    ORDER = "it ends on %(until)s, before it begins on %(since)s: turn the dates round"
    TIMES = "weekday %(weekday)s, %(starts)s to %(ends)s: the end comes after the start on the same day, and the break fits within"
    LETTER = "an own week needs its letter or reason: name it"
    EMPTY = "the week has no hours at all: give at least one day from and to"
    OVERLAP = "a week holds from %(since)s to %(until)s already: end that one before %(day)s first"
    GONE = "this was changed or taken back meanwhile: look at it again"
    MEANWHILE = "%(person)s on %(day)s was changed by somebody else meanwhile: look at it again"
    MONTH = "the row is of month %(value)s, not of %(month)s: choose that month, or the right file"
    COLUMNS = "the file has no column %(value)s: begin with the file that the page or `siperlu rota export` gives"
    UNIT = "no unit %(value)s: name one by its code"


class ScheduleError(CollectorError, ValueError):
    """Hours of a person that cannot be set as asked."""

    def __init__(self, rule: Rule, **values: object) -> None:
        super().__init__(rule.value % values)
        self.rule = rule
        self.values = {key: str(value) for key, value in values.items()}

"""The usual hours of the day in a few words. Pure: the rules the centre sent, the day, and a translator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from babel.dates import format_date

from kiosk.screen.words import N_
from wire.messages import Rules

DATED_AFTER = timedelta(days=30)
STALE_AFTER = timedelta(days=120)
"""Rules so old may have been replaced twice: the wall says nothing rather than something wrong."""


def hours_today(rules: Rules | None, local: datetime, language: str, tr: Callable[[str], str]) -> str:
    """What the wall says of today's hours, `local` with its zone; empty where nobody knows, or on a free weekday.

    After a month the words say of when they are: a kiosk without a network must not pass old hours off as today's. Nothing
    of it decides about anything: a look is recorded at any hour.
    """
    if rules is None or local - rules.at > STALE_AFTER:
        return ""
    said = _said(rules, local, tr)
    if not said or local - rules.at <= DATED_AFTER:
        return said
    asof = format_date(rules.at.astimezone(local.tzinfo).date(), "d MMM", locale=language)
    return tr(N_("%s, as of %s")) % (said, asof)


def _said(rules: Rules, local: datetime, tr: Callable[[str], str]) -> str:
    if local.date().isoformat() in rules.holidays:
        return tr(N_("Public holiday today"))
    found = next((one for one in rules.hours if one.weekday == local.weekday()), None)
    return "" if found is None else tr(N_("Working hours today %s to %s")) % (found.start, found.end)

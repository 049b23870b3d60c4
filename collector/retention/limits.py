"""How long what is kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

HELD_AT_MOST = timedelta(days=90)
"""An open violation holds its picture back no longer than this."""


class Kind(StrEnum):
    """What is taken away."""

    EVIDENCE = "evidence"  # pictures that came with records
    ASIDE = "set-aside"  # the bytes of messages that were set aside; who, when and why stay
    TEMPLATE = "template"  # of those who left
    CHIP = "chip"  # enrolment pictures of those who left
    PIN = "pin"  # of those who left, and of whose guarantee has ended
    NIK = "nik"  # of those who left
    UPLOAD = "upload"  # lists of people that nobody decided about
    ACCOUNT = "account"  # of those who left: closed, not deleted
    STALE = "stale"  # sessions and hand-out links that open nothing any more


@dataclass(frozen=True, slots=True)
class Due:
    """The lines of one day: what is older goes. `left`: whoever left on that day or before; `today`: a PIN goes whose last day
    lies before it."""

    now: datetime
    evidence: datetime
    held: datetime
    left: date
    today: date


def due(now: datetime, zone: ZoneInfo, evidence_days: int, leaver_days: int) -> Due:
    """The lines at `now`."""
    today = now.astimezone(zone).date()
    return Due(
        now=now,
        evidence=now - timedelta(days=evidence_days),
        held=now - max(HELD_AT_MOST, timedelta(days=evidence_days)),
        left=today - timedelta(days=leaver_days),
        today=today,
    )

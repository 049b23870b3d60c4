"""When a heartbeat is due, and what has been counted since the last one."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from firmware.clock import Reading

HOUR_NS = 3600 * 1_000_000_000
BEFORE_MIDNIGHT = timedelta(minutes=1)

Cause = Literal["start", "hour", "day-end"]


class Heartbeats:
    """One at start, one every hour, and one at 23:59 local time: it makes "complete up to the day's end" provable."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._last_ns: int | None = None
        self._day = date.min

    def due(self, reading: Reading) -> Cause | None:
        """The heartbeat that is due now, None mostly. Hours run on the monotonic clock, days on the wall's."""
        day = (reading.at + BEFORE_MIDNIGHT).astimezone(self._zone).date()
        if self._day - day > timedelta(days=1):
            self._day = day  # the clock ran far ahead and was set right: its days have ends again
        if self._last_ns is None:
            cause: Cause = "start"
        elif day > self._day:
            cause = "day-end"
        elif reading.monotonic_ns - self._last_ns >= HOUR_NS:
            cause = "hour"
        else:
            return None
        self._last_ns, self._day = reading.monotonic_ns, day
        return cause


class Tally:
    """What happened, by word: since the last heartbeat, and since the start."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()
        self._lately: Counter[str] = Counter()

    def count(self, word: str) -> int:
        """One more; gives how many since the last heartbeat."""
        self.total[word] += 1
        self._lately[word] += 1
        return self._lately[word]

    def take(self) -> dict[str, int]:
        """The counts since the last call."""
        taken, self._lately = dict(self._lately), Counter()
        return taken

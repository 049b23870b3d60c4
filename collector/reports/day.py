"""A local day as the moments it begins and ends."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Day:
    """A local date; it holds moments from `start` (included) to `end` (excluded), both UTC."""

    date: dt.date
    start: datetime
    end: datetime

    @classmethod
    def of(cls, day: dt.date, zone: ZoneInfo) -> Day:
        """The local date `day` in `zone`."""
        return cls(day, _midnight(day, zone), _midnight(day + timedelta(days=1), zone))

    @classmethod
    def holding(cls, moment: datetime, zone: ZoneInfo) -> Day:
        """The local day that `moment`, which has a zone, falls on."""
        return cls.of(moment.astimezone(zone).date(), zone)


def _midnight(day: dt.date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, dt.time(), zone).astimezone(UTC)

"""The phone era: presence by telephone, 2 to 11 January 2019, with the 1,333 violations that the newspaper counted.

How they are split between the two kinds, and over whom, is invented: only their sum was printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from cli.synthetic.habits import hours
from cli.synthetic.places import Site
from cli.synthetic.staff import Employee
from collector.rules.hours import WIB

SINCE, UNTIL = date(2019, 1, 2), date(2019, 1, 11)
COUNTED, SHARED = 1333, 412
"""Violations in all, and dates on which somebody sent by a colleague's telephone; the others were outside."""
KINDS = frozenset(("bagian", "kecamatan", "upt", "school"))
MOST_USERS = 4000
LEAST_USERS = 120
METRES_A_DEGREE = 111_195.0
"""Along a meridian: the Earth's mean circumference over 360."""

Borrowed = dict[tuple[str, date], str]
"""By person and date, whose telephone they sent by."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One look by telephone."""

    person: str
    device: str
    at: datetime
    site: int


def submissions(chance: Random, sites: Sequence[Site], people: Sequence[Employee]) -> list[dict[str, Any]]:
    """Rows of `phone_records`; none where there are fewer than 120 people to have sent them."""
    users = [one for one in people if one.since < SINCE and sites[one.unit].kind in KINDS]
    if len(users) < LEAST_USERS:
        return []
    users = sorted(chance.sample(users, min(MOST_USERS, len(users))), key=lambda one: (one.unit, one.id))
    device = {one.id: f"android-{chance.getrandbits(48):012x}" for one in users}
    borrowed = _borrowed(chance, sites, users)
    looks = list(_looks(chance, sites, users, device, borrowed))
    outside = set(chance.sample(range(len(looks)), COUNTED - len(borrowed)))
    return [_row(chance, sites, look, number, number in outside) for number, look in enumerate(looks)]


def _looks(
    chance: Random, sites: Sequence[Site], users: Sequence[Employee], device: dict[str, str], borrowed: Borrowed
) -> Iterator[Submission]:
    for one in users:
        for day in _days(sites[one.unit].kind):
            phone = device[borrowed.get((one.id, day), one.id)]
            for at in _moments(chance, sites[one.unit].kind, day):
                yield Submission(one.id, phone, at, one.unit)


def _borrowed(chance: Random, sites: Sequence[Site], users: Sequence[Employee]) -> Borrowed:
    """Who sent by a colleague's telephone on which date; every telephone lends to one at most."""
    couples = [(a, b) for a, b in list(pairwise(users))[::2] if a.unit == b.unit]
    dates = [(a, b, day) for a, b in couples for day in _days(sites[a.unit].kind)]
    return {(b.id, day): a.id for a, b, day in chance.sample(dates, min(SHARED, len(dates)))}


def _days(kind: str) -> list[date]:
    days = [SINCE + timedelta(days=number) for number in range((UNTIL - SINCE).days + 1)]
    return [day for day in days if hours(kind, day)]


def _moments(chance: Random, kind: str, day: date) -> Iterator[datetime]:
    asked = hours(kind, day)
    assert asked is not None
    start, end = (datetime.combine(day, clock, WIB) for clock in asked)
    yield start - timedelta(minutes=min(85.0, max(1.0, chance.gauss(22, 12))))
    yield end + timedelta(minutes=min(85.0, chance.expovariate(1 / 14)))


def _row(chance: Random, sites: Sequence[Site], look: Submission, number: int, outside: bool) -> dict[str, Any]:
    site = sites[look.site]
    # Towards the seat, so that the point stays inside of the regency; 45 m at most where they are at work.
    metres = chance.uniform(400, 9000) if outside else chance.uniform(0, 45)
    north = 1 if site.lat < (-8.13) else -1
    at = look.at.replace(microsecond=look.at.microsecond // 1000 * 1000)
    return {
        "record": f"phone/2019-01/{number + 1}",
        "person": look.person,
        "device": look.device,
        "at": at,
        "received_at": at + timedelta(seconds=chance.uniform(1, 9)),
        "latitude": site.lat + north * metres / METRES_A_DEGREE,
        "longitude": site.lon,
        "accuracy_m": round(chance.uniform(5, 28), 1),
    }

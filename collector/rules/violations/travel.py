"""Detectors of place: two places too fast, a unit that is not theirs, a phone outside its coordinates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

from collector.rules.evidence import Look, Method, Spot
from collector.rules.hours import WIB
from collector.rules.violations.stream import Against, Kind, Limits, Stream, Violation

EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""


def distance_km(one: Spot, other: Spot) -> float:
    """Great-circle distance in km, by the haversine formula."""
    lat, lat_other = radians(one.lat), radians(other.lat)
    bend = sin((lat_other - lat) / 2) ** 2 + cos(lat) * cos(lat_other) * sin(radians(other.lon - one.lon) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(bend)))


def two_places(stream: Stream) -> Iterable[Violation]:
    """A person at two places sooner than one can travel; times are taken as far apart as their bounds allow."""
    theirs: dict[str, list[Look]] = defaultdict(list)
    for look in stream.certain():
        if look.spot is not None and look.method is not Method.MANUAL:
            theirs[look.person].append(look)
    for looks in theirs.values():
        for before, after in pairwise(looks):
            yield from _too_fast(before, after, stream.limits)


def _too_fast(before: Look, after: Look, limits: Limits) -> Iterable[Violation]:
    if before.spot is None or after.spot is None or before.source == after.source:
        return
    km = distance_km(before.spot, after.spot) - (before.accuracy_m + after.accuracy_m) / 1000
    seconds = max(0.0, (after.when.latest - before.when.earliest).total_seconds())
    if km < limits.apart_km or km <= limits.speed_kmh * seconds / 3600:
        return
    yield Violation(
        kind=Kind.TWO_PLACES,
        against=Against.PERSON,
        subject=after.person,
        unit=after.unit,
        at=after.when.at,
        about=f"{before.record} {after.record}",
        evidence=(before.record, after.record),
        facts=(("metres", round(km * 1000)), ("other-unit", before.unit), ("seconds", round(seconds))),
    )


def wrong_unit(stream: Stream) -> Iterable[Violation]:
    """Seen at a kiosk of a unit that is neither theirs nor above theirs, without letter of assignment or travel."""
    for look in stream.certain():
        person = stream.people.get(look.person)
        if person is None or not look.unit or look.method not in (Method.FACE, Method.PIN):
            continue
        day = look.when.at.astimezone(WIB).date()
        own = {unit for each in person.assignments if each.holds(day) for unit in each.units}
        travels = any(each.person == person.id and each.since <= day <= each.until for each in stream.permits)
        if look.unit in own or travels:
            continue
        yield Violation(
            kind=Kind.WRONG_UNIT,
            against=Against.PERSON,
            subject=person.id,
            unit=look.unit,
            at=look.when.at,
            about=f"{day} {look.unit}",
            evidence=(look.record,),
        )


def outside_coordinates(stream: Stream) -> Iterable[Violation]:
    """A phone that was not at its person's unit: farther than the radius beyond what its position vouches for."""
    for look in stream.certain():
        person = stream.people.get(look.person)
        if look.device is None or look.spot is None or person is None:
            continue
        day = look.when.at.astimezone(WIB).date()
        units = [each.units[0] for each in person.assignments if each.holds(day)]
        metres = [distance_km(look.spot, stream.spots[unit]) * 1000 for unit in units if unit in stream.spots]
        if not metres or min(metres) - look.accuracy_m <= stream.limits.radius_m:
            continue
        yield Violation(
            kind=Kind.OUTSIDE_COORDINATES,
            against=Against.PERSON,
            subject=person.id,
            unit=units[0],
            at=look.when.at,
            about=look.record,
            evidence=(look.record,),
            facts=(("metres", round(min(metres))),),
        )

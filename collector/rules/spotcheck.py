"""Spot checks (sidak): a draw that anybody can repeat, and what was noted held against the ledger. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from collector.rules.expected import AT_WORK, Place
from collector.rules.hours import WIB


class Weighting(StrEnum):
    """How likely a unit is drawn."""

    PEOPLE = "people"  # by how many people it has: every person is as likely
    EQUAL = "equal"  # every unit is as likely
    VIOLATIONS = "violations"  # by one, and its violations of the last 90 days


class Seen(StrEnum):
    """What was noted of a person."""

    PRESENT = "present"
    ABSENT = "absent"
    EXPLAINED = "explained"  # not there, and the superior says why


class Verdict(StrEnum):
    """What note and ledger say together."""

    AGREES = "agrees"  # there, and recorded before
    UNRECORDED = "unrecorded"  # there, and not recorded: the kiosk, or not looked at it
    GONE = "gone"  # recorded before, and not there: a reason to check
    ABSENT = "absent"  # neither there nor recorded
    EXCUSED = "excused"  # not there, by a letter or an explanation
    GATHERING = "gathering"  # not there, and an apel, upacara or SKJ is on, which its own window accounts for
    OFF_DUTY = "off-duty"  # not there, and not asked to be at that hour: before or after a shift, a day off
    NOT_NOTED = "not-noted"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that may be drawn; `weight` ≥ 1."""

    unit: str
    weight: int


def draw(seed: str, candidates: Sequence[Candidate], day: date, first: time, last: time) -> tuple[str, datetime]:
    """The unit and the moment that a seed draws: the same seed and candidates, in any order, give the same.

    The unit by SHA-256 of "seed unit" modulo the sum of weights, the minute by that of "seed time". Raises ValueError without candidates
    or where `last` is before `first`.
    """
    if not candidates or last < first:
        raise ValueError("nothing to draw from: name units with people, and a time that ends after it begins")
    place = _number(seed, "unit") % sum(each.weight for each in candidates)
    start = datetime.combine(day, first, WIB)
    minutes = int((datetime.combine(day, last, WIB) - start) / timedelta(minutes=1)) + 1
    moment = start + timedelta(minutes=_number(seed, "time") % minutes)
    for each in sorted(candidates, key=lambda one: one.unit):
        if place < each.weight:
            return each.unit, moment
        place -= each.weight
    raise AssertionError  # the weights sum up


def _number(seed: str, what: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {what}".encode()).digest())


def verdict(
    seen: Seen | None, looks: Sequence[datetime], at: datetime, *, permit: bool, place: Place = AT_WORK
) -> Verdict:
    """Of one person: what was noted at `at`, against their looks of trusted time and any letter.

    `place`: where theirs is at that moment, and since when a look counts.
    """
    before = any(place.counts(look, at) for look in looks)
    if seen is None:
        return Verdict.NOT_NOTED
    if seen is Seen.PRESENT:
        return Verdict.AGREES if before else Verdict.UNRECORDED
    if seen is Seen.EXPLAINED or permit:
        return Verdict.EXCUSED
    if place.gathering:
        return Verdict.GATHERING
    if not place.at_work:
        return Verdict.OFF_DUTY
    return Verdict.GONE if before else Verdict.ABSENT

"""What detectors read and what they write."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum

from collector.rules.codes import Fact
from collector.rules.day import DayResult
from collector.rules.evidence import Look, Moment, Outage, Permit, Person, Spot
from collector.rules.expected import AT_WORK, Place


class Kind(StrEnum):
    """Kinds of violation."""

    TWO_PLACES = "two-places"
    WRONG_UNIT = "wrong-unit"
    UNCERTAIN_MATCH = "uncertain-match"
    GHOST = "ghost"
    SPOOF = "spoof"
    COVERED_FACE = "covered-face"
    PIN_GUESSING = "pin-guessing"
    CLOCK_TURNED = "clock-turned"
    KIOSK_MOVED = "kiosk-moved"
    RECORDS_MISSING = "records-missing"
    RECORDS_ALTERED = "records-altered"
    CHECKED_IN_AND_GONE = "checked-in-and-gone"
    SERIES = "series"
    RECURRING_OUTAGE = "recurring-outage"
    SHARED_DEVICE = "shared-device"
    OUTSIDE_COORDINATES = "outside-coordinates"


class Against(StrEnum):
    """What a violation is about."""

    PERSON = "person"
    KIOSK = "kiosk"
    UNIT = "unit"
    DEVICE = "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """An event that a kiosk recorded: `word` as on the wire (spoof, covered-face, pin-failed, clock-stepped, place-changed).

    `person`: who was claimed, empty when nobody was. `offset_ms`: of a clock step, how far.
    """

    record: str
    kiosk: str
    unit: str
    word: str
    when: Moment
    person: str = ""
    offset_ms: int = 0


class Fault(StrEnum):
    """What can be wrong with a chain."""

    FORK = "fork"  # two records under one identity
    BROKEN_LINK = "broken-link"  # a record does not follow the one before it
    BAD_SEAL = "bad-seal"
    GAP = "gap"  # numbers that never came


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something wrong with a kiosk's chain. `record`: identity of the first record concerned; `count`: how many."""

    record: str
    kiosk: str
    unit: str
    fault: Fault
    at: datetime
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A person whom a spot check (`check`: its name) noted as not there at `at`, without an explanation, and where their place was."""

    check: str
    person: str
    unit: str
    at: datetime
    place: Place = AT_WORK


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Two enrolled people whose templates are as near as a stranger's seldom is: one face under two names, twins, or pictures in
    the wrong folder. `person` was enrolled at `at`, at `unit`; `cosine` of both templates."""

    person: str
    other: str
    cosine: float
    unit: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What makes a reason to check. Every one is a setting.

    `speed_kmh`: faster than this nobody travels. `apart_km`: places nearer than this are one. `sure_score`,
    `sure_margin`: least cosine, and lead over the next person, of a match that needs no second look.
    `clock_step`: a step of the clock that needs no explanation. `series`: so many people at one kiosk within
    `series_span`. `outages`: dates of a month with an outage between `rush_from` and `rush_until`, local time.
    `radius_m`: how far from its unit a phone may be. `guesses_at_one`, `guesses_at_kiosk`: wrong PINs on one date at one
    kiosk, of one person's number or of whatever numbers.
    """

    speed_kmh: float = 80.0
    apart_km: float = 0.5
    sure_score: float = 0.5
    sure_margin: float = 0.05
    clock_step: timedelta = timedelta(minutes=2)
    series: int = 3
    series_span: timedelta = timedelta(seconds=1)
    outages: int = 3
    rush_from: time = time(7)
    rush_until: time = time(7, 45)
    radius_m: float = 100.0
    guesses_at_one: int = 5
    guesses_at_kiosk: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Observations of a period. `kiosk_units`, `spots`: where kiosks hang and where units lie; `days`: judged days;
    `missed`: of spot checks; `likenesses`: of enrolment;    `limits`: what makes a reason to check."""

    looks: tuple[Look, ...] = ()
    events: tuple[Observed, ...] = ()
    incidents: tuple[Incident, ...] = ()
    outages: tuple[Outage, ...] = ()
    days: tuple[DayResult, ...] = ()
    missed: tuple[Missed, ...] = ()
    likenesses: tuple[Likeness, ...] = ()
    people: Mapping[str, Person] = field(default_factory=dict)
    permits: tuple[Permit, ...] = ()
    kiosk_units: Mapping[str, str] = field(default_factory=dict)
    spots: Mapping[str, Spot] = field(default_factory=dict)
    limits: Limits = Limits()

    def certain(self) -> list[Look]:
        """The looks of trusted time, each once, in order of time."""
        return sorted({look for look in self.looks if look.when.trusted}, key=lambda each: (each.when.at, each.record))


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A reason to check. `about`: what tells it from another of its kind and subject: a record, a date, a month.

    `unit`: against which it is counted. `evidence`: identities of records. The same facts give the same `key`.
    """

    kind: Kind
    against: Against
    subject: str
    unit: str
    at: datetime
    about: str
    evidence: tuple[str, ...]
    facts: tuple[Fact, ...] = ()

    @property
    def key(self) -> str:
        """SHA-256 of kind, subject and what it is about: the identity under which it is stored once."""
        told = f"{self.kind}\x1f{self.against}\x1f{self.subject}\x1f{self.about}"
        return hashlib.sha256(told.encode()).hexdigest()


Detector = Callable[[Stream], Iterable[Violation]]
"""A detector is pure: the same stream in any order, with repetitions, gives the same violations."""

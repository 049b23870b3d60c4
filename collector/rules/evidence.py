"""What the judge takes: looks, what is known of the kiosks, letters, lists and rulings. Facts, no verdicts.

Any superset does: what does not touch the person and the date is not looked at, order and repetition do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import chain
from typing import ClassVar

from collector.rules.codes import PERMITS, Category, Code
from collector.rules.hours import OwnHours, Turn


class Basis(StrEnum):
    """How the time of a record is known."""

    CLOCK = "clock"  # the kiosk's clock vouched for it closely enough
    LEARNT = "learnt"  # dated by the same boot's monotonic clock from a moment when the true time was known
    UNKNOWN = "unknown"  # nobody vouches: it lies somewhere between two bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a record was made, by derivation: best guess, and the bounds within which it truly lies, in milliseconds."""

    RESOLUTION: ClassVar[timedelta] = timedelta(milliseconds=1)

    at: datetime
    earliest: datetime
    latest: datetime
    basis: Basis

    @property
    def trusted(self) -> bool:
        """Whether a verdict may rest on it."""
        return self.basis is not Basis.UNKNOWN

    @classmethod
    def exact(cls, at: datetime) -> Moment:
        """A moment that needs no bounds."""
        return cls(at=at, earliest=at, latest=at, basis=Basis.CLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """WGS 84 degrees."""

    lat: float
    lon: float


class Method(StrEnum):
    """How somebody was known."""

    FACE = "face"
    PIN = "pin"
    MANUAL = "manual"
    PHONE = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How sure the face was: cosine to the person and to the next one (None: nobody else was enrolled)."""

    score: float
    runner_up: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Somebody was seen. `record`: identity "kiosk/chain/seq", or of a phone submission. It says neither in nor out.

    `unit`, `spot`: where the source stands. `device`: a phone's id; `accuracy_m`: radius its position vouches for.
    """

    record: str
    person: str
    source: str
    when: Moment
    method: Method = Method.FACE
    unit: str = ""
    spot: Spot | None = None
    match: Match | None = None
    device: str | None = None
    accuracy_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskState:
    """A kiosk this person could have used. `complete_until`: all its records up to then have arrived, None: none have.

    `at_place`: hangs at one of the person's own places, so that its service denies an outage excuse. `finished`: BKD
    declared it dead, with a reason; what it would have said after `complete_until` is silence of a machine.
    """

    kiosk: str
    complete_until: datetime | None
    at_place: bool = True
    finished: bool = False


class Cause(StrEnum):
    """Why a kiosk could not serve somebody."""

    OUTAGE = "outage"
    ROSTER_LATE = "roster-late"  # this person was not on its roster though they should have been
    NOT_ENROLLED = "not-enrolled"  # this person's enrolment failed
    FINISHED = "kiosk-finished"  # BKD declared it finished: silent since


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A kiosk served nobody, or not this person, between two moments; `until` None: it lasts. `person` None: anybody."""

    kiosk: str
    since: datetime
    until: datetime | None
    cause: Cause = Cause.OUTAGE
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disaster:
    """Natural disaster at a unit and the units below it, by letter."""

    unit: str
    since: datetime
    until: datetime
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Leave, official travel, training, study, WFH, permission, by letter; both dates included.

    `hours`: only that part of each day (local start and end): who may come later or leave earlier.
    """

    person: str
    code: Code
    since: date
    until: date
    letter: str
    hours: tuple[time, time] | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a code that no letter can give."""
        if self.code not in PERMITS:
            allowed = ", ".join(sorted(PERMITS))
            raise ValueError(f"letter {self.letter}: {self.code} is not given by letter: use one of {allowed}")


class ManualWhy(StrEnum):
    """The four lawful reasons of a manual presence list; there is no fifth."""

    DEVICE_BROKEN = "device-broken"
    NOT_ENROLLED = "not-enrolled"
    NO_DEVICE = "no-device"
    DISASTER = "disaster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """One line of a manual presence list: seen at that moment, said by that list."""

    person: str
    at: datetime
    why: ManualWhy
    list: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """The head's guarantee for a person whose face cannot be read: a PIN counts between these dates, both included."""

    person: str
    since: date
    until: date | None
    letter: str


class Effect(StrEnum):
    """What an accepted appeal or a review does."""

    STRIKE_LOOK = "strike-look"  # that look was not this person
    COUNT_LOOK = "count-look"  # that look, recorded as somebody else, was this person
    EXCUSE_IN = "excuse-in"
    EXCUSE_OUT = "excuse-out"
    EXCUSE_ASSEMBLY = "excuse-assembly"
    EXCUSE_DAY = "excuse-day"
    ACCEPT = "accept"  # reviewed: what was in doubt counts for the person
    UPHOLD = "uphold"  # reviewed: what was in doubt does not count


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """An entry that changes a result; records stay as they are. `record`: the look that is struck or counted."""

    person: str
    day: date
    effect: Effect
    entry: str
    record: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known about one person around some dates."""

    looks: tuple[Look, ...] = ()
    kiosks: tuple[KioskState, ...] = ()
    outages: tuple[Outage, ...] = ()
    disasters: tuple[Disaster, ...] = ()
    permits: tuple[Permit, ...] = ()
    manuals: tuple[Manual, ...] = ()
    guarantees: tuple[Guarantee, ...] = ()
    rulings: tuple[Ruling, ...] = ()


def gather(batches: Iterable[Evidence]) -> Evidence:
    """Batches of evidence as one."""
    told = tuple(batches)
    return Evidence(
        **{each.name: tuple(chain(*(getattr(part, each.name) for part in told))) for each in fields(Evidence)}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Works at a unit between two dates, both included. `units`: that unit and those above it, up to the OPD.

    `main`: the one whose rules hold; a second site needs a letter.
    """

    units: tuple[str, ...]
    since: date
    until: date | None = None
    main: bool = True
    letter: str = ""

    def holds(self, day: date) -> bool:
        """Whether it is valid on that date."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom the judge judges. `pattern`: name of the pattern of hours; own hours and rota where the pattern asks."""

    id: str
    category: Category
    pattern: str
    assignments: tuple[Assignment, ...]
    own_hours: tuple[OwnHours, ...] = ()
    rota: tuple[Turn, ...] = ()

    def assigned(self, day: date) -> Assignment | None:
        """The main assignment of that date: of several the one that began last; None when not in service."""
        valid = [each for each in self.assignments if each.main and each.holds(day)]
        return max(valid, key=lambda each: (each.since, each.units), default=None)

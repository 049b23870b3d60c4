"""Whom a kiosk knows: the units in its scope, and the people assigned there today. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

TOP = {"opd": ("opd", "kecamatan"), "kecamatan": ("kecamatan",)}
"""Kinds of unit a scope climbs to; a kecamatan is an OPD of its own."""


class Scope(StrEnum):
    """How far a kiosk knows people. Who is known but not assigned to its unit is recorded and flagged."""

    UNIT = "unit"  # its unit and those below
    OPD = "opd"  # everything under the OPD its unit belongs to
    KECAMATAN = "kecamatan"  # everything under the kecamatan its unit belongs to
    ALL = "all"


class Place(Protocol):
    """A unit, as far as scopes need it."""

    @property
    def code(self) -> str:
        """Its code."""

    @property
    def kind(self) -> str:
        """What it is: opd, kecamatan, school."""

    @property
    def parent(self) -> str | None:
        """Code of the unit above."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person at a unit between two days, both included. `left_on`: first day they serve no more."""

    person: str
    unit: str
    main: bool
    until_day: date | None
    left_on: date | None


@dataclass(frozen=True, slots=True)
class Entitled:
    """A person a kiosk may recognise: at which unit, whether that is the kiosk's own, and until when (None: open)."""

    person: str
    unit: str
    assigned: bool
    until: datetime | None


class Tree:
    """Units by who is above whom. A ring of units, which no import lets in, ends the walk instead of hanging it."""

    def __init__(self, units: Iterable[Place]) -> None:
        self._units = {unit.code: unit for unit in units}
        self._below: dict[str, list[str]] = defaultdict(list)
        for unit in self._units.values():
            if unit.parent is not None:
                self._below[unit.parent].append(unit.code)
        self._found: dict[str, frozenset[str]] = {}

    def in_scope(self, unit: str, scope: Scope) -> frozenset[str]:
        """Codes of the units a kiosk at `unit` knows people of; a unit nobody knows has none but itself."""
        if scope is Scope.ALL:
            return frozenset(self._units)
        return self.below(self._top(unit, TOP.get(scope.value, ())))

    def below(self, unit: str) -> frozenset[str]:
        """A unit and everything under it; the same set for everybody who asks."""
        if unit not in self._found:
            self._found[unit] = self._under(unit)
        return self._found[unit]

    def _under(self, unit: str) -> frozenset[str]:
        found: set[str] = set()
        waiting = [unit]
        while waiting:
            code = waiting.pop()
            if code not in found:
                found.add(code)
                waiting += self._below.get(code, [])
        return frozenset(found)

    def _top(self, unit: str, kinds: tuple[str, ...]) -> str:
        """The nearest unit of one of these kinds, itself included; itself where there is none above."""
        return next((code for code in self._upwards(unit) if self._units[code].kind in kinds), unit)

    def _upwards(self, unit: str) -> Iterator[str]:
        passed: set[str] = set()
        code: str | None = unit
        while code is not None and code in self._units and code not in passed:
            passed.add(code)
            yield code
            code = self._units[code].parent


def by_unit(members: Iterable[Member]) -> dict[str, list[Member]]:
    """Members by their unit: grouped once, so that a kiosk looks at the units of its scope alone."""
    grouped: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        grouped[member.unit].append(member)
    return dict(grouped)


def entitled(
    members: Mapping[str, Sequence[Member]], scope: frozenset[str], own: frozenset[str], zone: ZoneInfo
) -> Mapping[str, Entitled]:
    """The people of a kiosk by id. `members`: by unit; `scope`, `own`: units it knows people of, and its own ones.

    Of several posts of a person one of the kiosk's own units counts before another, the main post before a second one;
    they stay until the last day of the longest, or until they leave.
    """
    posts: dict[str, list[Member]] = defaultdict(list)
    for unit in sorted(scope):
        for member in members.get(unit, ()):
            posts[member.person].append(member)
    return {person: _entitled(several, own, zone) for person, several in posts.items()}


def _entitled(posts: list[Member], own: frozenset[str], zone: ZoneInfo) -> Entitled:
    best = min(posts, key=lambda post: (post.unit not in own, not post.main, post.unit))
    ends = [post.until_day for post in posts]
    last = max((end for end in ends if end is not None), default=None) if None not in ends else None
    after = [day for day in (last + timedelta(days=1) if last else None, best.left_on) if day is not None]
    until = datetime.combine(min(after), time(), zone) if after else None
    return Entitled(best.person, best.unit, best.unit in own, until)

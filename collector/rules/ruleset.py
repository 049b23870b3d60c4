"""A rule set: hours, how they are measured, and what follows, valid from a date, by a decree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import IntEnum, StrEnum

from collector.rules.codes import EARLY, LATE, Category, Code
from collector.rules.hours import WHOLE_DAY, Pattern, Windows


class Layer(IntEnum):
    """Which rule set speaks when two are valid: a special period (Ramadan) over the standing hours."""

    STANDING = 0
    SPECIAL = 1


class Seconds(StrEnum):
    """Whether seconds count: ignored: 07:30:59 is on time; counted: a started minute is a minute."""

    IGNORED = "ignored"
    COUNTED = "counted"


class TppBase(StrEnum):
    """What a percentage is taken of."""

    WHOLE = "whole"
    DISCIPLINE = "discipline"  # the discipline part of the allowance
    DAY = "day"  # the allowance of one working day of the month


class AssemblyKind(StrEnum):
    """Gatherings within working time."""

    APEL = "apel"  # absence is TA
    UPACARA = "upacara"  # absence is TA, on holidays too when it is dated
    SKJ = "skj"  # counts as work: opens the check-in, absence is nothing
    MIDDAY = "midday"  # a look is asked for at midday; its absence is a reason to check, never a code


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How minutes are counted. `bands`: first minute of TL2, TL3, TL4 (half-open: < 31, < 61, < 91, ≥ 91).

    `tolerance`: minutes late that are forgiven; who is later is late from the start (`from_start`) or from the end of
    the tolerance. A missing look, and a late or early one at most, costs half the day's working minutes.
    """

    tolerance: int = 0
    from_start: bool = True
    seconds: Seconds = Seconds.IGNORED
    bands: tuple[int, int, int] = (31, 61, 91)

    def late_code(self, minutes: int) -> Code | None:
        """TL1 to TL4, None for no minute."""
        return LATE[self._band(minutes)] if minutes > 0 else None

    def early_code(self, minutes: int) -> Code | None:
        """PSW1 to PSW4, None for no minute."""
        return EARLY[self._band(minutes)] if minutes > 0 else None

    def _band(self, minutes: int) -> int:
        return sum(minutes >= bound for bound in self.bands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuses:
    """When silence of machines excuses. `arrival`, `departure`: minutes before the start and after the end in which
    people are taken to come and go; `outage`: least minutes without any kiosk of the place within them."""

    arrival: int = 30
    departure: int = 30
    outage: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """Apel, upacara, SKJ or the midday check: local times; once `on` a date, else every
    `weekday` (0 = Monday), else every day.

    Held for the named patterns.
    """

    name: str
    kind: AssemblyKind
    opens: time
    closes: time
    weekday: int | None = None
    on: date | None = None
    patterns: tuple[str, ...] = ("five-day", "six-day")

    def held(self, day: date, pattern: str) -> bool:
        """Whether it is held on that date for people of that pattern."""
        if pattern not in self.patterns:
            return False
        return day == self.on if self.on is not None else self.weekday in (None, day.weekday())


@dataclass(frozen=True, slots=True, kw_only=True)
class TppTable:
    """Percent of deduction for each event, the base it is taken of, and the most a month can lose, in percent.

    `discipline_share`: the discipline part of the whole allowance, 0..1.
    """

    percent: tuple[tuple[Code, Decimal], ...]
    base: TppBase = TppBase.DISCIPLINE
    discipline_share: Decimal = Decimal("0.40")
    cap: Decimal = Decimal(100)

    def of(self, codes: tuple[Code, ...]) -> Decimal:
        """Percent of all these events together."""
        table = dict(self.percent)
        return sum((table.get(code, Decimal(0)) for code in codes), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One paragraph of the discipline ladder: days absent without reason in a calendar year, both ends included;
    `most` None is open. `in_row`: working days in a row instead of days in the year."""

    paragraph: str
    least: int
    most: int | None = None
    in_row: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Where the counted days stand in the law. It names paragraphs; it knows no punishment.

    `minutes_a_day`: late and early minutes that add up to one day. `ahead`: days before a rung that warn.
    """

    law: str
    rungs: tuple[Rung, ...]
    minutes_a_day: int = 450
    ahead: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Rules between two dates, both included (`until` None is open), for some categories and units (empty: for all).

    `units`: unit codes; a rule set of a unit holds for the units below it too. `version` counts approved changes of
    the same `id`. `phones`: looks by telephone count for the day, not only as a reason to check. Hours need not add up to the week's published total and are never checked against it.
    """

    id: str
    version: int
    title: str
    decree: str
    since: date
    until: date | None
    patterns: tuple[Pattern, ...]
    tpp: TppTable
    ladder: Ladder
    layer: Layer = Layer.STANDING
    categories: tuple[Category, ...] = ()
    units: tuple[str, ...] = ()
    windows: Windows = WHOLE_DAY
    measure: Measure = Measure()
    excuses: Excuses = Excuses()
    assemblies: tuple[Assembly, ...] = ()
    phones: bool = False

    @property
    def name(self) -> str:
        """Id and version as printed in the foot of a recap."""
        return f"{self.id}/{self.version}"

    def holds(self, day: date) -> bool:
        """Whether it is valid on that date."""
        return self.since <= day and (self.until is None or day <= self.until)

    def pattern(self, name: str) -> Pattern:
        """The pattern of that name. Raises LookupError."""
        for pattern in self.patterns:
            if pattern.name == name:
                return pattern
        known = ", ".join(pattern.name for pattern in self.patterns)
        raise LookupError(f"rule set {self.name} has no pattern {name!r}: add it, or give the person one of {known}")

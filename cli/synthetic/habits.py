"""When people come and go: most a little early, some late, a few on leave, some forgetting to look on their way out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from collector.rules.hours import WIB

FRIDAY, SATURDAY, SUNDAY = 4, 5, 6
STAYS_AWAY = 0.003
"""Without a word: absent without reason."""
LEAVES_A_DAY = 0.016
LEAVE = {"CT": 30, "CS": 25, "DL": 25, "I": 12, "DK": 5, "CM": 1, "CAP": 2}
"""By letter, of a hundred."""
LONG = {"CM": 60, "CAP": 8}
"""Days at most; other letters are of up to five."""
FORGETS_TO_LOOK = 0.02
LOOKS_TWICE = 0.12
LOOKS_AT_NOON = 0.12
LEAVES_EARLY = 0.015
MOST_NIGHT_OWLS = 0.05


@dataclass(frozen=True, slots=True)
class Habit:
    """Minutes before the start at which somebody usually comes, and how much that varies."""

    person: str
    early: float
    spread: float


@dataclass(frozen=True, slots=True)
class Coming:
    """Somebody stands before a kiosk."""

    at: datetime
    person: str


def habit(chance: Random, person: str) -> Habit:
    """One in twenty is late as often as not."""
    owl = chance.random() < MOST_NIGHT_OWLS
    return Habit(person, chance.gauss(-1 if owl else 17, 6), chance.uniform(4, 10))


def hours(kind: str, day: date) -> tuple[time, time] | None:
    """Start and end of a date's hours at a kind of unit; None on days off. Schools work six days."""
    weekday = day.weekday()
    if kind == "school":
        ends = {FRIDAY: time(11), SATURDAY: time(13, 30), SUNDAY: None}
        end = ends.get(weekday, time(14, 30))
    else:
        ends = {FRIDAY: time(16, 30), SATURDAY: None, SUNDAY: None}
        end = ends.get(weekday, time(16))
    return (time(7, 30), end) if end else None


@dataclass(frozen=True, slots=True)
class Away:
    """A letter by which somebody is not at work; both dates included."""

    person: str
    code: str
    since: date
    until: date


def letters(chance: Random, person: str, days: Sequence[date]) -> Iterator[Away]:
    """The letters of a person over these dates, in order, none over another."""
    free = days[0]
    for day in days:
        if day < free or chance.random() >= LEAVES_A_DAY:
            continue
        code = chance.choices(list(LEAVE), list(LEAVE.values()))[0]
        until = day + timedelta(days=chance.randrange(LONG.get(code, 5)))
        free = until + timedelta(days=1)
        yield Away(person, code, day, until)


def comings(
    chance: Random, habits: Sequence[Habit], kind: str, day: date, away: frozenset[str] = frozenset()
) -> Iterator[Coming]:
    """All who stand before the kiosks of a unit on a date, in no order. `away`: people with a letter for it."""
    asked = hours(kind, day)
    if asked is None:
        return
    start, end = (datetime.combine(day, clock, WIB) for clock in asked)
    for one in habits:
        if chance.random() < STAYS_AWAY or one.person in away:
            continue
        for at in moments(chance, one, start, end):
            yield Coming(at, one.person)


def moments(chance: Random, one: Habit, start: datetime, end: datetime) -> Iterator[datetime]:
    """When somebody looks who works between two moments."""
    come = max(start - timedelta(minutes=chance.gauss(one.early, one.spread)), start - timedelta(minutes=95))
    yield come
    if chance.random() < LOOKS_TWICE:
        yield come + timedelta(seconds=chance.uniform(12, 110))
    if chance.random() < LOOKS_AT_NOON:
        yield start + (end - start) * chance.uniform(0.48, 0.6)
    if chance.random() < FORGETS_TO_LOOK:
        return
    if chance.random() < LEAVES_EARLY:
        yield end - timedelta(minutes=chance.uniform(3, 110))
    else:
        yield end + timedelta(minutes=chance.expovariate(1 / 11), seconds=chance.uniform(2, 50))

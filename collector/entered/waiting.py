"""Days that wait for kiosks: for which, of whom, and what they would become if a kiosk were declared finished. Read-only.

A day waits when the moment is past up to which its kiosks had to be complete. Of kiosks elsewhere it is told for the one that
is least complete: the judge, too, waits for that one first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from collector.judging import book
from collector.judging.organisation import Organisation, read_organisation
from collector.judging.run import chunks, judged
from collector.rules.codes import ReasonKind, State
from collector.rules.day import DayResult
from collector.rules.evidence import KioskState
from collector.rules.serving import NEVER
from collector.store.people import Kiosk, Unit
from collector.store.results import DayRow

MOST_TRIED = 1200
"""Person-days that a preview judges, the oldest first: some two seconds."""


@dataclass(frozen=True, slots=True)
class Held:
    """Days of a unit that wait: so many people's on that date, for these kiosks."""

    unit: str
    day: date
    people: int
    kiosks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Awaited:
    """A kiosk that days wait for. `complete_until` None: it never proved anything. `people`: different ones."""

    kiosk: str
    unit: str
    unit_name: str
    complete_until: datetime | None
    held: tuple[Held, ...]
    people: int

    @property
    def days(self) -> list[date]:
        """The dates that wait, in order."""
        return sorted({each.day for each in self.held})

    @property
    def person_days(self) -> int:
        """Results that wait."""
        return sum(each.people for each in self.held)


@dataclass(frozen=True, slots=True)
class Trial:
    """What days would become. `tried` of `waiting` were judged; `codes`: by how many; `excused`: in which the kiosk's silence
    excuses something; `open`: still waiting for another kiosk; `review`: for a human."""

    waiting: int
    tried: int
    codes: Mapping[str, int]
    excused: int
    open: int
    review: int


def held_days(
    connection: Connection,
    now: datetime,
    units: Collection[str] | None = None,
    organisation: Organisation | None = None,
) -> list[Held]:
    """The days that wait, by unit and date, of these units alone (None: all). Five queries at most."""
    row = DayRow
    query = (
        select(row.unit, row.day, row.closes, func.count())
        .where(row.state == State.OPEN.value, row.closes <= now)
        .group_by(row.unit, row.day, row.closes)
    )
    query = query if units is None else query.where(row.unit.in_(sorted(units)))
    rows = connection.execute(query).all()
    if not rows:
        return []
    known = organisation or read_organisation(connection)
    found: dict[tuple[str, date], list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
    for unit, day, closes, count in rows:
        states = known.waited_for(frozenset((unit,)), day)
        found[unit, day].append((count, tuple(each.kiosk for each in states if _behind(each, closes))))
    return [
        Held(unit, day, sum(count for count, _ in told), tuple(sorted({name for _, names in told for name in names})))
        for (unit, day), told in sorted(found.items())
    ]


def _behind(state: KioskState, closes: datetime | None) -> bool:
    return closes is not None and not state.finished and (state.complete_until or NEVER) < closes


def awaited(connection: Connection, now: datetime, units: Collection[str] | None = None) -> list[Awaited]:
    """The kiosks that days of these units wait for (None: of all), who holds up most first. Eight queries at most."""
    organisation = read_organisation(connection)
    by_kiosk: dict[str, list[Held]] = defaultdict(list)
    for each in held_days(connection, now, units, organisation):
        for kiosk in each.kiosks:
            by_kiosk[kiosk].append(each)
    if not by_kiosk:
        return []
    people = _people(connection, now)
    query = select(Kiosk.id, Kiosk.unit, Unit.name).join(Unit, Unit.code == Kiosk.unit).where(Kiosk.id.in_(by_kiosk))
    found = [
        Awaited(
            kiosk,
            unit,
            name,
            organisation.kiosks[kiosk].complete_until,
            tuple(by_kiosk[kiosk]),
            len(set[str]().union(*(people[each.unit] for each in by_kiosk[kiosk]))),
        )
        for kiosk, unit, name in connection.execute(query)
    ]
    return sorted(found, key=lambda each: (-each.person_days, each.kiosk))


def _people(connection: Connection, now: datetime) -> dict[str, set[str]]:
    """Who has a day that waits, by unit."""
    row = DayRow
    query = select(row.unit, row.person).where(row.state == State.OPEN.value, row.closes <= now).distinct()
    found: dict[str, set[str]] = defaultdict(set)
    for unit, person in connection.execute(query):
        found[unit].add(person)
    return found


def if_finished(connection: Connection, kiosk: str, now: datetime) -> Trial:
    """What the days that wait for a kiosk would become if it were declared finished now; nothing is written."""
    held = {(each.unit, each.day) for each in held_days(connection, now) if kiosk in each.kiosks}
    pairs = list(_waiting(connection, held, now))
    tried = pairs[:MOST_TRIED]
    days: dict[date, set[str]] = defaultdict(set)
    for person, day in tried:
        days[day].add(person)
    organisation = read_organisation(connection, frozenset((kiosk,)))
    rules = book.read_book(connection)
    results = [
        result
        for chunk in chunks(days)
        for result in judged(connection, organisation, rules, chunk).values()
        if result is not None
    ]
    return _trial(len(pairs), results)


def _waiting(connection: Connection, held: Collection[tuple[str, date]], now: datetime) -> Iterator[tuple[str, date]]:
    """The person-days of these units and dates that wait, the oldest first."""
    row = DayRow
    query = (
        select(row.person, row.day, row.unit)
        .where(row.state == State.OPEN.value, row.closes <= now, row.unit.in_(sorted({unit for unit, _ in held})))
        .order_by(row.day, row.person)
    )
    for person, day, unit in connection.execute(query):
        if (unit, day) in held:
            yield person, day


def _trial(waiting: int, results: Iterable[DayResult]) -> Trial:
    told = list(results)
    settled = [each for each in told if each.state is not State.OPEN]
    return Trial(
        waiting=waiting,
        tried=len(told),
        codes=Counter(code.value for each in settled for code in each.codes),
        excused=sum(any(one.kind is ReasonKind.KIOSK_FINISHED for one in each.reasons) for each in settled),
        open=len(told) - len(settled),
        review=sum(each.state is State.REVIEW for each in told),
    )

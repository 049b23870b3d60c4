"""Running the detectors over what has arrived: date by date, month by month, chain by chain.

A violation that rests on records belongs to the date of its `at`, and depends on the records of that date and of the one
before it alone. So a run that looks again at every date that could have changed leaves the same table, whatever the order,
the batches and the repetitions in which records came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Engine, and_
from sqlalchemy.orm import Session

from collector.rules.evidence import Look
from collector.rules.violations.detect import DETECTORS, detect
from collector.rules.violations.stream import Kind, Limits, Stream, Violation
from collector.store.violations import StoredViolation
from collector.store.writer import Writer
from collector.violating.changes import doubt_kiosks, neighbours, read_changes, redated, write_marks
from collector.violating.context import Context, read_context
from collector.violating.dates import ONE, local_date, reached
from collector.violating.incidents import read_incidents
from collector.violating.outages import month_end, months, read_outages
from collector.violating.reading import DayRows, Doubts, read_day, read_doubts
from collector.violating.saving import replace, take_turns

BY_MONTH = (Kind.RECURRING_OUTAGE,)
BY_CHAIN = (Kind.RECORDS_MISSING, Kind.RECORDS_ALTERED)
BY_ENROLMENT = (Kind.GHOST,)
BY_DATE = tuple(kind for kind in Kind if kind not in {*BY_MONTH, *BY_CHAIN, *BY_ENROLMENT})
OF_A_DATE = tuple(
    detector
    for name, detector in DETECTORS.items()
    if name not in {"two-places", "checked-in-and-gone", "records", "recurring-outage", "ghost"}
)

Progress = Callable[[int, int], None]
"""Told after every date: how many are done, of how many."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a run looked at: dates, and the violations that stand on them now."""

    dates: int
    violations: int


def _quiet(_done: int, _of: int) -> None:
    """Nobody watches."""


class Detection:
    """The detectors over a database. Reads through `reader` in short sessions, writes in short transactions.

    Never both at once: while a session reads, SQLite lets nobody commit, this one included.
    """

    def __init__(self, reader: Engine, writer: Writer, limits: Limits | None = None) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits or Limits()

    def run(self, progress: Progress = _quiet) -> Done:
        """Look at everything that changed since the last run. Raises StoreDownError; running again is harmless."""
        with Session(self._reader) as session:
            changes = read_changes(session)
            doubts = read_doubts(session, changes.kiosks)
            days = reached(changes.days | redated(session, changes.kiosks, doubts))
        done = self._look(days, changes.kiosks, doubts, progress)
        with self._writer.transaction() as connection:
            take_turns(connection)
            write_marks(connection, changes, doubts)
        return done

    def again(self, since: date, until: date, progress: Progress = _quiet) -> Done:
        """Look at a period again, both dates included: after assignments, units or limits were changed."""
        days = {since + ONE * number for number in range((until - since).days + 1)}
        return self._look(days, frozenset(), {}, progress)

    def _look(self, days: Collection[date], kiosks: frozenset[str], doubts: Doubts, progress: Progress) -> Done:
        with Session(self._reader) as session:
            context = read_context(session)
            others = doubt_kiosks(session, neighbours(days)) - kiosks
            known = _together(doubts, read_doubts(session, others))
        found = self._dates(sorted(days), context, known, progress)
        found += self._months(months(days), context)
        found += self._chains(context)
        return Done(len(days), found)

    def _dates(self, days: list[date], context: Context, doubts: Doubts, progress: Progress) -> int:
        found = 0
        held: dict[date, DayRows] = {}
        for number, day in enumerate(days, start=1):
            held = {each: held.get(each) or self._read(each, context, doubts) for each in (day - ONE, day)}
            found += self._date(day, held[day - ONE], held[day], context)
            progress(number, len(days))
        return found

    def _read(self, day: date, context: Context, doubts: Doubts) -> DayRows:
        with Session(self._reader) as session:
            return read_day(session, day, context, doubts)

    def _date(self, day: date, before: DayRows, rows: DayRows, context: Context) -> int:
        violations = violations_of(day, before, rows, context, self._limits)
        self._replace(and_(StoredViolation.day == day, StoredViolation.kind.in_(BY_DATE)), violations)
        return len(violations)

    def _months(self, firsts: Iterable[date], context: Context) -> int:
        found = 0
        for first in firsts:
            last = month_end(first)
            with Session(self._reader) as session:
                outages = read_outages(session, first, last)
            stream = Stream(outages=outages, kiosk_units=context.kiosk_units, limits=self._limits)
            violations = detect(stream, (DETECTORS["recurring-outage"],))
            scope = and_(StoredViolation.day.between(first, last), StoredViolation.kind.in_(BY_MONTH))
            self._replace(scope, violations)
            found += len(violations)
        return found

    def _chains(self, context: Context) -> int:
        with Session(self._reader) as session:
            incidents = read_incidents(session, context.kiosk_units)
        violations = detect(Stream(incidents=incidents, limits=self._limits), (DETECTORS["records"],))
        self._replace(StoredViolation.kind.in_(BY_CHAIN), violations)
        return len(violations)

    def _replace(self, scope: ColumnElement[bool], violations: Sequence[Violation]) -> None:
        with self._writer.transaction() as connection:
            take_turns(connection)
            replace(connection, scope, violations)


def violations_of(day: date, before: DayRows, rows: DayRows, context: Context, limits: Limits) -> list[Violation]:
    """The violations of one date, from its records and those of the date before. Pure."""
    stream = Stream(
        looks=rows.looks,
        events=rows.events,
        permits=rows.permits,
        people=context.people,
        kiosk_units=context.kiosk_units,
        spots=context.spots,
        limits=limits,
    )
    both = (*before.looks, *rows.looks)
    moving = Stream(looks=_moving(both), limits=limits)
    sought = {each.person for each in rows.missed}
    checked = Stream(
        looks=tuple(look for look in both if look.person in sought),  # a night's shift was recorded before midnight
        days=rows.days,
        permits=rows.permits,
        missed=rows.missed,
        limits=limits,
    )
    over_midnight = (
        *detect(moving, (DETECTORS["two-places"],)),
        *detect(checked, (DETECTORS["checked-in-and-gone"],)),
    )
    found = [*detect(stream, OF_A_DATE), *over_midnight]
    return [violation for violation in found if local_date(violation.at) == day]


def _moving(looks: Sequence[Look]) -> tuple[Look, ...]:
    """The looks of people who were seen at more than one place: all others cannot have been at two."""
    sources: dict[str, set[str]] = defaultdict(set)
    for look in looks:
        sources[look.person].add(look.source)
    return tuple(look for look in looks if len(sources[look.person]) > 1)


def _together(one: Doubts, other: Doubts) -> Doubts:
    return {day: (*one.get(day, ()), *other.get(day, ())) for day in one.keys() | other.keys()}

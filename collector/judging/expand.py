"""From marks to the person-days they mean."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, select

from collector.judging.marks import Mark, Whose
from collector.judging.organisation import Organisation
from collector.rules.codes import State
from collector.rules.serving import EVER, NEVER
from collector.store.people import Assignment
from collector.store.results import DayRow, OpenedDay, Touched

TAKEN = 20_000


def read_marks(connection: Connection) -> tuple[list[int], list[Mark]]:
    """The marks that wait, with their numbers; the oldest first, some thousands at a time."""
    columns = (Touched.id, Touched.kind, Touched.subject, Touched.since, Touched.until)
    rows = connection.execute(select(*columns).order_by(Touched.id).limit(TAKEN)).all()
    marks = [Mark(Whose(kind), subject, since, until) for _, kind, subject, since, until in rows]
    return [row.id for row in rows], sorted(set(marks), key=lambda one: (one.kind, one.subject, one.since, one.until))


class Expansion:
    """People by unit, the dates that are judged, and what marks mean among them."""

    def __init__(self, connection: Connection, organisation: Organisation) -> None:
        self._connection = connection
        self._organisation = organisation
        self._opened = sorted(connection.scalars(select(OpenedDay.day)))
        self._people: dict[str, set[str]] = defaultdict(set)
        self._units: dict[str, set[str]] = defaultdict(set)
        for person, unit in connection.execute(select(Assignment.person, Assignment.unit).distinct()):
            self._people[unit].add(person)
            self._units[person].add(unit)
        self._horizons: dict[tuple[str, date], datetime] = {}
        self._everybody = set[str]().union(*self._people.values())

    def days(self, marks: Iterable[Mark]) -> dict[date, set[str]]:
        """The people to judge, by date; only dates that are judged at all."""
        found: dict[date, set[str]] = defaultdict(set)
        told = list(marks)
        for person, day in self._waiting({mark.subject for mark in told if mark.kind is Whose.WAITING}):
            found[day].add(person)
        for mark in told:
            if mark.kind is Whose.WAITING:
                continue
            people = self._of(mark)
            for day in self._between(mark.since, mark.until):
                found[day] |= people
        return found

    def place(self, person: str) -> str:
        """A unit of the person, the same for colleagues."""
        return min(self._units.get(person, ()), default="")

    def _between(self, since: date, until: date) -> Sequence[date]:
        return self._opened[bisect_left(self._opened, since) : bisect_right(self._opened, until)]

    def _of(self, mark: Mark) -> set[str]:
        if mark.kind is Whose.PERSON:
            return {mark.subject}  # also who has no post left: their days are taken away
        if mark.kind is Whose.UNIT:
            return self._at(self._organisation.tree.below(mark.subject))
        if mark.kind is Whose.KIOSK:
            return self._at(self._scope(mark.subject))
        return self._everybody

    def _scope(self, kiosk: str) -> frozenset[str]:
        known = self._organisation.kiosks.get(kiosk)
        return known.scope if known else frozenset()

    def _at(self, units: Iterable[str]) -> set[str]:
        return set[str]().union(*(self._people.get(unit, set()) for unit in units))

    def _waiting(self, kiosks: Iterable[str]) -> Iterable[tuple[str, date]]:
        """The open days that one of these kiosks may have been waited for. One query, however many kiosks there are.

        At its own places each of its heartbeats may be what was waited for. Elsewhere a day moves only when no kiosk
        there is waited for any more: without that, an OPD's every heartbeat would judge all its people again.
        """
        own, reach = self._complete(kiosks)
        latest = max([*own.values(), *reach.values()], default=NEVER)
        query = select(DayRow.person, DayRow.day, DayRow.closes).where(
            DayRow.state == State.OPEN.value, DayRow.closes <= latest
        )
        rows = self._connection.execute(query) if latest > NEVER else ()
        for person, day, closes in rows:
            until = closes or EVER
            here, there = own.get(person, NEVER), reach.get(person, NEVER)
            if until <= here or (until <= there and self._settled_elsewhere(person, day, until)):
                yield person, day

    def _settled_elsewhere(self, person: str, day: date, closes: datetime) -> bool:
        """Whether no kiosk elsewhere is waited for; of who has or had several units it is not asked: they are few."""
        several = self._units[person]
        return len(several) > 1 or closes <= min(self._horizon(unit, day) for unit in several)

    def _horizon(self, unit: str, day: date) -> datetime:
        """Up to when every kiosk that knows a unit's people on a date and hangs elsewhere is complete."""
        if (unit, day) not in self._horizons:
            states = self._organisation.waited_for(frozenset((unit,)), day)
            waited = [state.complete_until for state in states if not state.at_place]
            self._horizons[unit, day] = min((until or NEVER for until in waited), default=EVER)
        return self._horizons[unit, day]

    def _complete(self, kiosks: Iterable[str]) -> tuple[dict[str, datetime], dict[str, datetime]]:
        """Up to when the furthest of these kiosks is complete, by person: of those at their places, and of the others."""
        own: dict[str, datetime] = {}
        reach: dict[str, datetime] = {}
        for name in kiosks:
            known = self._organisation.kiosks.get(name)
            if known is None or known.complete_until is None:
                continue
            for unit in known.scope:
                found = own if unit in known.own else reach
                for person in self._people.get(unit, ()):
                    found[person] = max(found.get(person, NEVER), known.complete_until)
        return own, reach

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
        for person, unit in connection.execute(select(Assignment.person, Assignment.unit).distinct()):
            self._people[unit].add(person)
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

    def _between(self, since: date, until: date) -> Sequence[date]:
        return self._opened[bisect_left(self._opened, since) : bisect_right(self._opened, until)]

    def _of(self, mark: Mark) -> set[str]:
        if mark.kind is Whose.PERSON:
            return {mark.subject} & self._everybody
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
        """The open days that one of these kiosks may have been waited for. One query, however many kiosks there are."""
        complete: dict[str, datetime] = {}
        for name in kiosks:
            known = self._organisation.kiosks.get(name)
            if known is not None and known.complete_until is not None:
                for person in self._at(known.scope):
                    complete[person] = max(complete.get(person, known.complete_until), known.complete_until)
        if not complete:
            return
        query = select(DayRow.person, DayRow.day, DayRow.closes).where(
            DayRow.state == State.OPEN.value, DayRow.closes <= max(complete.values())
        )
        for person, day, closes in self._connection.execute(query):
            if closes is not None and person in complete and closes <= complete[person]:
                yield person, day

"""Everything that is known about some people around some dates: a fixed number of queries, however many people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, or_, select

from collector.judging.entries import CODECS, EntryKind
from collector.judging.looks import given_looks, own_looks, phone_looks
from collector.judging.marks import ONE_DAY, local_midnight
from collector.judging.organisation import Organisation
from collector.judging.service import stored_outages
from collector.people.numbers import Status
from collector.rules.codes import Category, Code
from collector.rules.evidence import (
    Assignment,
    Cause,
    Disaster,
    Evidence,
    Guarantee,
    KioskState,
    Look,
    Manual,
    Outage,
    Permit,
    Person,
    Ruling,
)
from collector.rules.hours import OwnHours, Turn
from collector.rules.ready import FIVE_DAY, LESSONS, PART_TIME, SIX_DAY
from collector.rules.serving import NEVER
from collector.store import people as tables
from collector.store.hours import Entry, Schedule, StoredTurn
from collector.store.results import Enrolled, RosterReach

CATEGORIES = {
    Status.PNS: Category.PNS,
    Status.PPPK: Category.PPPK,
    Status.PPPK_PART_TIME: Category.PPPK_PARUH_WAKTU,
    Status.HONORARY_TEACHER: Category.HONORER_GURU,
    Status.HONORARY: Category.HONORER_DINAS,
}
SCHOOL = ("school", "sekolah")
MARGIN = timedelta(days=2)
"""Looks and outages so far outside of a date can touch its work day."""


@dataclass(slots=True)
class Known:
    """One person's facts over the dates that were asked for."""

    id: str
    category: Category
    assignments: list[Assignment] = field(default_factory=list)
    patterns: list[tuple[date, str]] = field(default_factory=list)
    own_hours: list[OwnHours] = field(default_factory=list)
    rota: list[Turn] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    permits: list[Permit] = field(default_factory=list)
    manuals: list[Manual] = field(default_factory=list)
    guarantees: list[Guarantee] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)
    enrolled: datetime | None = None
    late_rosters: list[Outage] = field(default_factory=list)


class Facts:
    """What `load` found: gives the judge one person's one day at a time."""

    def __init__(
        self,
        organisation: Organisation,
        known: Mapping[str, Known],
        outages: Sequence[Outage],
        disasters: Sequence[Disaster],
    ) -> None:
        self._organisation = organisation
        self.known = known
        self._disasters = tuple(disasters)
        self._outages: dict[str, list[Outage]] = defaultdict(list)
        for each in outages:
            self._outages[each.kiosk].append(each)

    def person(self, name: str, day: date) -> Person:
        """The person as on that date."""
        known = self.known[name]
        return Person(
            id=name,
            category=known.category,
            pattern=self._pattern(known, day),
            assignments=tuple(known.assignments),
            own_hours=tuple(known.own_hours),
            rota=tuple(turn for turn in known.rota if turn.day == day),
        )

    def evidence(self, name: str, day: date) -> Evidence:
        """What is known about the person around that date.

        Kiosks elsewhere excuse nobody. They can matter to a manual list, else only by the one that is waited for longest:
        an OPD may have hundreds, each silent every night.
        """
        known = self.known[name]
        kiosks = self._kiosks(known, day)
        matter = [kiosk.kiosk for kiosk in kiosks if kiosk.at_place or known.manuals]
        start, end = local_midnight(day) - MARGIN, local_midnight(day) + ONE_DAY + MARGIN
        return Evidence(
            looks=tuple(look for look in known.looks if look.when.latest >= start and look.when.earliest < end),
            kiosks=kiosks,
            outages=(
                *(each for kiosk in matter for each in self._outages.get(kiosk, ()) if _meets(each, start, end)),
                *(each for each in known.late_rosters if _meets(each, start, end)),
                *_not_enrolled(known, matter, day),
            ),
            disasters=self._disasters,
            permits=tuple(known.permits),
            manuals=tuple(known.manuals),
            guarantees=tuple(known.guarantees),
            rulings=tuple(known.rulings),
        )

    def _kiosks(self, known: Known, day: date) -> tuple[KioskState, ...]:
        """The kiosks on which the person's day can depend."""
        units = frozenset(each.units[0] for each in known.assignments if each.holds(day))
        if known.manuals:
            return self._organisation.states(units, day)
        return self._organisation.waited_for(units, day)

    def _pattern(self, known: Known, day: date) -> str:
        chosen = max((entry for entry in known.patterns if entry[0] <= day), default=None)
        if chosen is not None:
            return chosen[1]
        held = [each for each in known.assignments if each.main and each.holds(day)]
        unit = max(held, key=lambda each: each.since).units[0] if held else ""
        return usual_pattern(known.category, self._organisation.kinds.get(unit, ""))


def usual_pattern(category: Category, kind: str) -> str:
    """The pattern of who has none entered: lessons for honorary teachers, own hours for part-time, six days at schools."""
    if category is Category.HONORER_GURU:
        return LESSONS
    if category is Category.PPPK_PARUH_WAKTU:
        return PART_TIME
    return SIX_DAY if kind in SCHOOL else FIVE_DAY


def _meets(outage: Outage, start: datetime, end: datetime) -> bool:
    return outage.since < end and (outage.until is None or outage.until > start)


def _not_enrolled(known: Known, kiosks: Sequence[str], day: date) -> list[Outage]:
    """No kiosk can know them by face yet; who has a PIN on a guarantee does not need it."""
    guaranteed = any(each.since <= day and (each.until is None or day <= each.until) for each in known.guarantees)
    if guaranteed or (known.enrolled is not None and known.enrolled <= local_midnight(day) - MARGIN):
        return []
    return [
        Outage(kiosk=kiosk, since=NEVER, until=known.enrolled, cause=Cause.NOT_ENROLLED, person=known.id)
        for kiosk in kiosks
    ]


def load(  # noqa: PLR0913 - whose facts, of which dates
    connection: Connection,
    organisation: Organisation,
    people: Sequence[str],
    since: date,
    until: date,
    *,
    supposed: Sequence[Manual] = (),
) -> Facts:
    """All facts about these people for work dates between two dates, both included. Twelve queries; give at most some
    thousands of people. `supposed`: lines of a manual list that nobody has entered yet."""
    known = _people(connection, people)
    start, end = local_midnight(since) - MARGIN, local_midnight(until) + ONE_DAY + MARGIN
    _assignments(connection, organisation, known)
    _hours(connection, known, since, until)
    disasters = _entries(connection, known, since, until)
    for line in supposed:
        known[line.person].manuals.append(line)
    _looks(connection, known, start, end)
    _rosters(connection, known, start, end)
    kiosks = {
        kiosk.id
        for units, listed in {_place(one) for one in known.values()}
        for kiosk in (organisation.near(units) if listed else organisation.at_place(units))
    }
    outages = stored_outages(connection, kiosks, start, end)
    return Facts(organisation, known, outages, disasters)


def _place(known: Known) -> tuple[frozenset[str], bool]:
    """A person's units at whatever time, and whether a manual list names them."""
    return frozenset(each.units[0] for each in known.assignments), bool(known.manuals)


def load_schedules(
    connection: Connection, organisation: Organisation, people: Sequence[str], since: date, until: date
) -> Facts:
    """Hours and letters of these people without looks and kiosks, cheap over years: for what asks which days are worked."""
    known = _people(connection, people)
    _assignments(connection, organisation, known)
    _hours(connection, known, since, until)
    return Facts(organisation, known, (), _entries(connection, known, since, until))


def _people(connection: Connection, people: Sequence[str]) -> dict[str, Known]:
    query = select(tables.Person.id, tables.Person.status).where(tables.Person.id.in_(people))
    return {name: Known(name, CATEGORIES[Status.parse(status)]) for name, status in connection.execute(query)}


def _assignments(connection: Connection, organisation: Organisation, known: Mapping[str, Known]) -> None:
    table = tables.Assignment
    query = (
        select(
            table.person, table.unit, table.kind, table.from_day, table.until_day, table.letter, tables.Person.left_on
        )
        .join(tables.Person, tables.Person.id == table.person)
        .where(table.person.in_(known.keys()))
        .order_by(table.person, table.from_day, table.unit)
    )
    for name, unit, kind, first, last, letter, left in connection.execute(query):
        ends = [day for day in (last, left - ONE_DAY if left else None) if day is not None]
        assignment = Assignment(
            units=organisation.path(unit),
            since=first,
            until=min(ends, default=None),
            main=kind == "main",
            letter=letter or "",
        )
        known[name].assignments.append(assignment)


def _hours(connection: Connection, known: Mapping[str, Known], since: date, until: date) -> None:
    patterns = select(Schedule.person, Schedule.since, Schedule.pattern)
    for name, first, pattern in connection.execute(
        patterns.where(Schedule.person.in_(known.keys()), Schedule.since <= until)
    ):
        known[name].patterns.append((first, pattern))
    turns = select(StoredTurn.person, StoredTurn.day, StoredTurn.shift, StoredTurn.off).where(
        StoredTurn.person.in_(known.keys()), StoredTurn.day >= since, StoredTurn.day <= until
    )
    for name, day, shift, off in connection.execute(turns):
        known[name].rota.append(Turn(day=day, shift=shift, off=Code(off)))


def _entries(connection: Connection, known: Mapping[str, Known], since: date, until: date) -> list[Disaster]:
    query = select(Entry.kind, Entry.person, Entry.document).where(
        or_(Entry.person.in_(known.keys()), Entry.kind == EntryKind.DISASTER.value),
        Entry.withdrawn_at.is_(None),
        Entry.since <= until,
        or_(Entry.until.is_(None), Entry.until >= since),
    )
    disasters: list[Disaster] = []
    for kind, name, document in connection.execute(query):
        fact = CODECS[EntryKind(kind)].decode(document)
        if kind == EntryKind.DISASTER:
            disasters.append(fact)
        elif kind == EntryKind.OWN_HOURS:
            known[name].own_hours.append(fact.hours)
        else:
            getattr(known[name], PERSONAL[EntryKind(kind)]).append(fact)
    return disasters


PERSONAL = {
    EntryKind.PERMIT: "permits",
    EntryKind.MANUAL: "manuals",
    EntryKind.GUARANTEE: "guarantees",
    EntryKind.RULING: "rulings",
}


def _looks(connection: Connection, known: Mapping[str, Known], start: datetime, end: datetime) -> None:
    for look in own_looks(connection, known.keys(), start, end):
        known[look.person].looks.append(look)
    for name, look in given_looks(connection, [ruling for each in known.values() for ruling in each.rulings]):
        known[name].looks.append(look)
    for look in phone_looks(connection, known.keys(), start, end):
        known[look.person].looks.append(look)


def _rosters(connection: Connection, known: Mapping[str, Known], start: datetime, end: datetime) -> None:
    for name, since in connection.execute(
        select(Enrolled.person, Enrolled.since).where(Enrolled.person.in_(known.keys()))
    ):
        known[name].enrolled = since
    reach = RosterReach
    query = select(reach.person, reach.kiosk, reach.published_at, reach.reached_at).where(
        reach.person.in_(known.keys()),
        reach.published_at < end,
        or_(reach.reached_at.is_(None), reach.reached_at > start),
    )
    for name, kiosk, since, until in connection.execute(query):
        late = Outage(kiosk=kiosk, since=since, until=until, cause=Cause.ROSTER_LATE, person=name)
        known[name].late_rosters.append(late)

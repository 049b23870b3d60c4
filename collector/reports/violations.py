"""Violations counted by OPD, unit, kind and date, and one by one. All of them within two local dates, both included."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from collector.reports.presence import Query
from collector.store.people import Kiosk, Person, Unit
from collector.store.records import StoredRecord
from collector.store.violations import PhoneRecord, StoredViolation, ViolationStep

OPD = frozenset(("opd", "kecamatan"))
"""Kinds of unit that a report names; a kecamatan is an OPD of its own."""

MOST = 50_000
"""Most violations in one list."""

v = StoredViolation


@dataclass(frozen=True, slots=True)
class Period:
    """Two local dates, both included."""

    since: date
    until: date


@dataclass(slots=True)
class UnitCount:
    """A unit with all below it. `kinds`, `states`: how many violations by kind and by status."""

    code: str
    name: str
    kind: str
    parent: str | None
    kinds: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    children: list[UnitCount] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All its violations."""
        return self.kinds.total()

    def subtree(self) -> list[str]:
        """Codes of this unit and of all below it."""
        return [self.code, *(code for child in self.children for code in child.subtree())]


@dataclass(frozen=True, slots=True)
class Report:
    """The counts of a period. `units`: every unit by code; `opd`: those that are an OPD, or below none, with any."""

    units: dict[str, UnitCount]
    opd: tuple[UnitCount, ...]
    kinds: Counter[str]
    states: Counter[str]

    @property
    def total(self) -> int:
        """All violations of the period."""
        return self.kinds.total()


@dataclass(frozen=True, slots=True)
class Choice:
    """Which violations to list: of these units (None: all), of a kind, in a state (empty: any)."""

    units: Sequence[str] | None = None
    kind: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One violation. `subject_name`: of a person or unit, else the subject itself."""

    key: str
    kind: str
    against: str
    subject: str
    subject_name: str
    unit: str
    unit_name: str
    day: date
    at: datetime
    facts: dict[str, str | int]
    status: str
    stands: bool
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One step of a review."""

    to: str
    by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A record that a violation rests on. Kiosk or telephone as `source`; numbers are None where it has none."""

    record: str
    kind: str
    at: datetime
    source: str
    person: str | None
    person_name: str | None
    unit_name: str | None
    score: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """All about one violation; `missing`: identities of which there is no record here."""

    violation: Listed
    history: tuple[Decision, ...]
    records: tuple[Evidence, ...]
    missing: tuple[str, ...]


def report(session: Session, period: Period) -> Report:
    """Counts by unit, kind and state, added up to the OPD. Two queries, whatever there is."""
    rows = session.execute(select(Unit.code, Unit.name, Unit.kind, Unit.parent).order_by(Unit.name, Unit.code))
    units = {code: UnitCount(code, name, kind, parent) for code, name, kind, parent in rows}
    counts = select(v.unit, v.kind, v.status, func.count()).where(_within(period)).group_by(v.unit, v.kind, v.status)
    kinds: Counter[str] = Counter()
    states: Counter[str] = Counter()
    for code, kind, status, count in session.execute(counts):
        unit = units.setdefault(code, UnitCount(code, code, "", None))
        for above in _upwards(unit, units):
            above.kinds[kind] += count
            above.states[status] += count
        kinds[kind] += count
        states[status] += count
    _hang(units)
    return Report(units, tuple(_opd(units)), kinds, states)


def by_day(session: Session, period: Period, units: Sequence[str] | None = None) -> dict[tuple[date, str], int]:
    """Violations by local date and kind, of these units or all. One query."""
    query = select(v.day, v.kind, func.count()).where(_within(period)).group_by(v.day, v.kind)
    if units is not None:
        query = query.where(v.unit.in_(units))
    return {(day, kind): count for day, kind, count in session.execute(query)}


def listed(session: Session, period: Period, choice: Choice, limit: int = MOST, offset: int = 0) -> list[Listed]:
    """Violations, the newest first. One query."""
    query = _listed().where(_within(period), *_chosen(choice))
    query = query.order_by(v.at.desc(), v.key).limit(limit).offset(offset)
    return [_one(*row) for row in session.execute(query)]


def count(session: Session, period: Period, choice: Choice) -> int:
    """How many `listed` would give without a limit. One query."""
    query = select(func.count()).select_from(v).where(_within(period), *_chosen(choice))
    return session.scalars(query).one()


def detail(session: Session, key: str) -> Detail | None:
    """One violation with its history and the records it rests on, or None. Four queries."""
    row = session.execute(_listed().where(v.key == key)).one_or_none()
    if row is None:
        return None
    violation = _one(*row)
    steps = session.execute(
        select(ViolationStep.to, ViolationStep.by, ViolationStep.at, ViolationStep.why)
        .where(ViolationStep.violation == key)
        .order_by(ViolationStep.id)
    )
    records = sorted(_records(session, violation.evidence), key=lambda one: (one.at, one.record))
    found = {one.record for one in records}
    missing = tuple(record for record in violation.evidence if record not in found)
    return Detail(violation, tuple(Decision(*step) for step in steps), tuple(records), missing)


def _within(period: Period) -> ColumnElement[bool]:
    return and_(v.day >= period.since, v.day <= period.until, v.stands)


def _chosen(choice: Choice) -> Iterable[ColumnElement[bool]]:
    if choice.units is not None:
        yield v.unit.in_(choice.units)
    if choice.kind:
        yield v.kind == choice.kind
    if choice.status:
        yield v.status == choice.status


def _listed() -> Query:
    return (
        select(
            *(v.key, v.kind, v.against, v.subject, func.coalesce(Person.name, v.subject), v.unit),
            *(func.coalesce(Unit.name, v.unit), v.day, v.at, v.facts, v.status, v.stands, v.evidence),
        )
        .outerjoin(Person, and_(v.against == "person", Person.id == v.subject))
        .outerjoin(Unit, Unit.code == v.unit)
    )


def _one(*row: Any) -> Listed:
    facts, status, stands, evidence = row[-4:]
    fields = (*row[:-4], json.loads(facts), status, stands, tuple(json.loads(evidence)))
    return Listed(*fields)


def _records(session: Session, identities: Sequence[str]) -> Iterable[Evidence]:
    yield from _kiosk_records(session, [place for place in map(_place, identities) if place is not None])
    p = PhoneRecord
    query = (
        select(p.record, p.at, p.device, p.person, Person.name, p.latitude, p.longitude, p.accuracy_m)
        .outerjoin(Person, Person.id == p.person)
        .where(p.record.in_(identities))
    )
    for record, at, device, person, name, *where in session.execute(query):
        yield Evidence(record, "phone", at, device, person, name, None, None, *where)


def _kiosk_records(session: Session, places: Sequence[tuple[str, str, int]]) -> Iterable[Evidence]:
    r = StoredRecord
    query = (
        select(r.kiosk, r.chain, r.seq, r.kind, r.at, r.person, Person.name, Unit.name, r.score)
        .outerjoin(Person, Person.id == r.person)
        .outerjoin(Kiosk, Kiosk.id == r.kiosk)
        .outerjoin(Unit, Unit.code == func.coalesce(r.unit, Kiosk.unit))
        .where(tuple_(r.kiosk, r.chain, r.seq).in_(places) if places else or_(False))
    )
    for kiosk, chain, seq, *rest in session.execute(query):
        facts: tuple[Any, ...] = tuple(rest)
        yield Evidence(f"{kiosk}/{chain}/{seq}", facts[0], facts[1], kiosk, *facts[2:])


def _place(identity: str) -> tuple[str, str, int] | None:
    """Kiosk, chain and number of an identity; None for one of another form."""
    parts = identity.split("/")
    if len(parts) != 3 or not (parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 19):
        return None
    return parts[0], parts[1], int(parts[2])


def _upwards(unit: UnitCount, units: dict[str, UnitCount]) -> Iterable[UnitCount]:
    """A unit and those above it; a ring of units ends the walk."""
    passed: set[str] = set()
    here: UnitCount | None = unit
    while here is not None and here.code not in passed:
        passed.add(here.code)
        yield here
        here = units.get(here.parent or "")


def _hang(units: dict[str, UnitCount]) -> None:
    """Every unit under its parent; one that is above itself stays on top."""
    for unit in units.values():
        above = units.get(unit.parent or "")
        if above is not None and all(each is not unit for each in _upwards(above, units)):
            above.children.append(unit)


def _opd(units: dict[str, UnitCount]) -> list[UnitCount]:
    """The units a report names: the highest OPD of each branch, else its top; the most violations first."""
    found = {_named(unit, units).code for unit in units.values() if unit.total}
    return sorted((units[code] for code in found), key=lambda unit: (-unit.total, unit.name, unit.code))


def _named(unit: UnitCount, units: dict[str, UnitCount]) -> UnitCount:
    path = list(_upwards(unit, units))
    return next((each for each in path if each.kind in OPD), path[-1])

"""The tree of units: looked at with counts, added to, changed. A tree has no history: it is as it is today, and a month that
was closed keeps the units it was paid under (decision 0181)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from collector import audit
from collector.errors import ChangeError
from collector.judging.marks import Mark, Whose, touch
from collector.people.register import read_units, write_unit
from collector.people.rows import KINDS, clean_name, code, degrees
from collector.people.states import UnitState
from collector.store.people import Assignment, Kiosk, Person, Template, Unit

T = TypeVar("T")

KINDS_KNOWN = tuple(dict.fromkeys(KINDS.values()))


@dataclass(frozen=True, slots=True)
class Form:
    """What a form says of a unit, as texts; `parent`, `latitude`, `longitude` empty: none."""

    name: str
    kind: str
    parent: str
    latitude: str
    longitude: str


@dataclass(slots=True)
class Branch:
    """A unit of the tree with what hangs on it. `people`, `enrolled`, `kiosks`: of this unit alone; `all_…`: with those below."""

    unit: UnitState
    people: int = 0
    enrolled: int = 0
    kiosks: int = 0
    all_people: int = 0
    all_enrolled: int = 0
    all_kiosks: int = 0
    all_units: int = 1
    children: list[Branch] = field(default_factory=list)


def tree(session: Session, today: date, within: frozenset[str] | None = None) -> list[Branch]:
    """The tops of the tree, children by name, with counts of who serves today. Four queries, whatever the size.

    `within`: codes that are seen; a unit whose parent is not is a top.
    """
    units = {key: one for key, one in read_units(session).items() if within is None or key in within}
    branches = {key: Branch(one) for key, one in units.items()}
    for attribute, counts in (
        ("people", _serving(session, today)),
        ("enrolled", _serving(session, today, select(Template.person).where(Template.person == Person.id).exists())),
        ("kiosks", _kiosks(session)),
    ):
        for key, branch in branches.items():
            setattr(branch, attribute, counts.get(key, 0))
    tops: list[Branch] = []
    for branch in sorted(branches.values(), key=lambda one: (one.unit.name, one.unit.code)):
        above = branches.get(branch.unit.parent or "")
        (above.children if above else tops).append(branch)
    for top in tops:
        _sum(top)
    return tops


def find(tops: list[Branch], wanted: str) -> list[Branch]:
    """The branch of a code and those above it, from the top; empty when it is not there."""
    for top in tops:
        if top.unit.code == wanted:
            return [top]
        below = find(top.children, wanted)
        if below:
            return [top, *below]
    return []


def add(session: Session, wanted: str, form: Form, by: str) -> UnitState:
    """A new unit. Raises ChangeError, naming the field."""
    key = _checked("code", lambda: code(wanted.strip()))
    if session.get(Unit, key) is not None:
        raise ChangeError("code", f"{key} is a unit already; choose another code")
    after = _formed(session, UnitState(key, "", "", None, None, None), form)
    write_unit(session, after)
    audit.note(session, by, "unit.added", key, {"kind": after.kind, "parent": after.parent})
    return after


def edit(session: Session, key: str, form: Form, by: str, today: date) -> UnitState:
    """Change a unit; another parent or kind counts from today on. Raises ChangeError, naming the field."""
    before = read_units(session).get(key)
    if before is None:
        raise ChangeError("code", f"unit {key[:80]!r} is not there")
    after = _formed(session, before, form)
    names = ("name", "kind", "parent", "latitude", "longitude")
    fields = [name for name in names if getattr(before, name) != getattr(after, name)]
    if not fields:
        return before
    write_unit(session, after)
    touch(session.connection(), marks_of_unit(before, after, today))
    detail = {"fields": fields, "parent": after.parent, "before": before.parent}
    audit.note(session, by, "unit.changed", key, detail)
    return after


def marks_of_unit(before: UnitState, after: UnitState, today: date) -> tuple[Mark, ...]:
    """Where a unit hangs and what it is, decide about holidays, hours and kiosks: from today on, never for days before."""
    moved = (before.parent, before.kind) != (after.parent, after.kind)
    return (Mark(Whose.UNIT, after.code, today, date.max),) if moved else ()


def _formed(session: Session, state: UnitState, form: Form) -> UnitState:
    parent = form.parent.strip() or None
    latitude = _degrees("latitude", form.latitude, 90)
    longitude = _degrees("longitude", form.longitude, 180)
    if (latitude is None) != (longitude is None):
        raise ChangeError("longitude", "latitude without longitude, or longitude without latitude; give both or none")
    if form.kind not in KINDS_KNOWN:
        raise ChangeError("kind", f"kind {form.kind[:80]!r} is not known; choose one of the list")
    if parent is not None:
        _check_parent(session, state.code, parent)
    name = _checked("name", lambda: clean_name(form.name))
    return replace(state, name=name, kind=form.kind, parent=parent, latitude=latitude, longitude=longitude)


def _check_parent(session: Session, own: str, parent: str) -> None:
    parents = {key: one.parent for key, one in read_units(session).items()}
    if parent not in parents:
        raise ChangeError("parent", f"unit {parent[:80]!r} is not known; choose one of the list")
    passed: set[str] = set()
    above: str | None = parent
    while above is not None and above not in passed:
        if above == own:
            raise ChangeError("parent", f"{parent} lies below {own}: a unit cannot lie above itself; choose another")
        passed.add(above)
        above = parents.get(above)


def _serving(session: Session, today: date, *more: ColumnElement[bool]) -> Mapping[str, int]:
    """Main posts that hold today, by unit."""
    query = (
        select(Assignment.unit, func.count(Assignment.person.distinct()))
        .join(Person, Person.id == Assignment.person)
        .where(Assignment.kind == "main", Assignment.from_day <= today)
        .where(or_(Assignment.until_day.is_(None), Assignment.until_day >= today))
        .where(or_(Person.left_on.is_(None), Person.left_on > today), *more)
        .group_by(Assignment.unit)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _kiosks(session: Session) -> Mapping[str, int]:
    query = select(Kiosk.unit, func.count()).where(Kiosk.retired_at.is_(None)).group_by(Kiosk.unit)
    return defaultdict(int, {row[0]: row[1] for row in session.execute(query)})


def _sum(branch: Branch) -> None:
    branch.all_people, branch.all_enrolled, branch.all_kiosks = branch.people, branch.enrolled, branch.kiosks
    for child in branch.children:
        _sum(child)
        branch.all_people += child.all_people
        branch.all_enrolled += child.all_enrolled
        branch.all_kiosks += child.all_kiosks
        branch.all_units += child.all_units


def _degrees(name: str, text: str, limit: int) -> float | None:
    return _checked(name, lambda: degrees(limit)(text)) if text.strip() else None


def _checked(field_name: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except ValueError as error:
        raise ChangeError(field_name, str(error)) from error

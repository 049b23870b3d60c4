"""Undoing an import: as a whole, and only while what it did still is as it left it and nothing stands on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from collector import audit
from collector.errors import UndoError
from collector.judging.marks import touch
from collector.judging.results import forget_results
from collector.people.imports import APPLIED, UNDONE, recorded
from collector.people.register import AT_ONCE, read_people, read_units, remove_person, write_person, write_unit
from collector.people.states import PERSON, UNIT, PersonState, UnitState, marks_of
from collector.people.units import marks_of_unit
from collector.store.accounts import StoredAccount
from collector.store.hours import Entry, Schedule, StoredTurn
from collector.store.people import Assignment, Kiosk, PeopleImport, PeopleImportChange, Template, Unit
from collector.store.records import StoredRecord
from collector.store.results import ClosedDay, ClosedMonth
from collector.store.violations import PhoneRecord

SHOWN = 40
LEAST_REASON = 5

STANDS_ON_PERSON: tuple[tuple[str, InstrumentedAttribute[Any]], ...] = (
    ("has check-in records", StoredRecord.person),
    ("has phone records", PhoneRecord.person),
    ("is enrolled", Template.person),
    ("has leave or another entry", Entry.person),
    ("has hours of their own", Schedule.person),
    ("has a rota", StoredTurn.person),
    ("has days in a closed month", ClosedDay.person),
    ("has an account", StoredAccount.person),
)
STANDS_ON_UNIT: tuple[tuple[str, InstrumentedAttribute[Any]], ...] = (
    ("has people", Assignment.unit),
    ("has kiosks", Kiosk.unit),
    ("has units below it", Unit.parent),
    ("has a closed month", ClosedMonth.unit),
    ("has an entry", Entry.unit),
    ("has an account", StoredAccount.unit),
)
"""What must not be there, or somebody who came by this import cannot be taken away again."""


@dataclass(frozen=True, slots=True)
class Change:
    """What the import did to one person or unit, and how it is now (None: gone since)."""

    subject: str
    line: int
    before: Any
    after: Any
    now: Any

    @property
    def label(self) -> str:
        """A name that whoever undoes it knows."""
        return f"line {self.line}, {self.after.name}"


@dataclass(frozen=True, slots=True)
class Undoing:
    """Who undoes it, why, and when."""

    by: str
    why: str
    now: datetime
    today: date


def blocks(session: Session, ident: str) -> tuple[str, ...]:
    """What keeps an import from being undone, a line each; empty: nothing does. Raises UndoError for none such."""
    row = recorded(session, ident)
    if row.state == UNDONE:
        return ("it was undone already",)
    return tuple(_blocks(session, row.kind, _changes(session, row)))


def undo(session: Session, ident: str, ask: Undoing) -> int:
    """Take everything back that an import did; how many people or units that were. Days are judged again.

    Raises UndoError with what blocks it; then nothing was changed.
    """
    why = ask.why.strip()
    if len(why) < LEAST_REASON:
        raise UndoError("say why the import is undone, in a few words")
    session.execute(select(PeopleImport.id).where(PeopleImport.id == ident).with_for_update())
    row = recorded(session, ident)
    standing = blocks(session, ident)
    if standing:
        raise UndoError(f"{len(standing)} reasons keep import {ident} from being undone", standing)
    changes = [change for change in _changes(session, row) if change.now is not None]
    if row.kind == "people":
        _take_people_back(session, changes)
    else:
        _take_units_back(session, changes, ask.today)
    row.state, row.undone_by, row.undone_at, row.undone_why = UNDONE, ask.by, ask.now, why
    session.flush()
    audit.note(session, ask.by, "import.undone", ident, {"why": why[:200], "changes": len(changes)}, ask.now)
    return len(changes)


def _changes(session: Session, row: PeopleImport) -> list[Change]:
    c = PeopleImportChange
    rows = session.execute(
        select(c.subject, c.line, c.before, c.after).where(c.imported == row.id).order_by(c.line)
    ).all()
    codec: Any = PERSON if row.kind == "people" else UNIT
    current: Mapping[str, Any] = (
        read_people(session, [one[0] for one in rows]) if row.kind == "people" else read_units(session)
    )
    return [
        Change(subject, line, codec.decode(before) if before else None, codec.decode(after), current.get(subject))
        for subject, line, before, after in rows
    ]


def _blocks(session: Session, kind: str, changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        if change.now is not None and change.now != change.after:
            yield f"{change.label}: was changed since ({', '.join(_differing(change))})"
    new = {change.subject: change.label for change in changes if change.before is None and change.now is not None}
    for what, column in STANDS_ON_PERSON if kind == "people" else STANDS_ON_UNIT:
        own = set(new) if column is Unit.parent else set()
        for subject in _named(session, column, list(new), own):
            yield f"{new[subject]}: {what}"


def _named(
    session: Session, column: InstrumentedAttribute[Any], subjects: Sequence[str], but_by: set[str]
) -> Iterator[str]:
    """Those of the subjects that some row names; `but_by`: units that go too, so they do not count."""
    for start in range(0, len(subjects), AT_ONCE):
        within: ColumnElement[bool] = column.in_(subjects[start : start + AT_ONCE])
        if not but_by:
            yield from session.scalars(select(column).where(within).distinct().order_by(column))
            continue
        rows = session.execute(select(Unit.code, Unit.parent).where(within).order_by(Unit.code))
        yield from dict.fromkeys(parent for code, parent in rows if code not in but_by and parent is not None)


def _differing(change: Change) -> Iterator[str]:
    names = type(change.after).__dataclass_fields__
    return (name for name in names if getattr(change.now, name) != getattr(change.after, name))


def _take_people_back(session: Session, changes: Sequence[Change]) -> None:
    gone = [change.subject for change in changes if change.before is None]
    for person in gone:  # first: somebody else may get back the number they hold
        remove_person(session, person)
    for change in changes:
        before: PersonState | None = change.before
        if before is not None:
            write_person(session, before)
    for start in range(0, len(gone), AT_ONCE):
        forget_results(session.connection(), gone[start : start + AT_ONCE])
    touch(session.connection(), (mark for one in changes for mark in marks_of(one.after, one.before)))


def _take_units_back(session: Session, changes: Sequence[Change], today: date) -> None:
    for change in changes:
        before: UnitState | None = change.before
        if before is not None:
            write_unit(session, before)
            touch(session.connection(), marks_of_unit(change.after, before, today))
    for code in _children_first([change.after for change in changes if change.before is None]):
        session.execute(delete(Unit).where(Unit.code == code))


def _children_first(units: Iterable[UnitState]) -> list[str]:
    waiting = {unit.code: unit.parent for unit in units}
    order: list[str] = []
    while waiting:
        parents = set(waiting.values())
        leaves = [code for code in waiting if code not in parents]
        order += leaves
        for code in leaves:
            del waiting[code]
    return order


__all__ = ["APPLIED", "blocks", "undo"]

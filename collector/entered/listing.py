"""What people entered, as pages list it: who, when, why, whom it touches, withdrawn or not. Queries do not grow with entries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from collector.judging.entries import CODECS, EntryKind, Fact
from collector.store.hours import Entry
from collector.store.people import Assignment, Kiosk, Person, Unit


@dataclass(frozen=True, slots=True)
class Choice:
    """Which entries: of these kinds; that touch these units, their people or kiosks (None: all), or are
    declared of a unit `above` them; between two dates, both included
    (None: at any time); `standing`: only those that were not withdrawn."""

    kinds: tuple[EntryKind, ...] = tuple(EntryKind)
    units: Collection[str] | None = None
    above: Collection[str] = ()
    span: tuple[date, date] | None = None
    standing: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry with the names a list shows. `until` None: open. `by`: an account, or a name by command."""

    id: str
    kind: EntryKind
    fact: Fact
    person: str
    name: str
    unit: str
    unit_name: str
    kiosk: str
    since: date
    until: date | None
    reason: str
    by: str
    at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    withdrawn_why: str | None

    @property
    def subject(self) -> str:
        """Whom it is about, as a list says it."""
        return self.name or self.kiosk or self.unit_name or self.unit


def count(session: Session, choice: Choice) -> int:
    """How many there are. One query."""
    return session.scalar(select(func.count()).select_from(Entry).where(*_where(choice))) or 0


def listed(session: Session, choice: Choice, limit: int, offset: int = 0) -> list[Listed]:
    """The newest first. One query."""
    query = _named().where(*_where(choice)).order_by(Entry.entered_at.desc(), Entry.id).limit(limit).offset(offset)
    return [_listed(row) for row in session.execute(query)]


def one(session: Session, number: str) -> Listed | None:
    """One entry, or None."""
    row = session.execute(_named().where(Entry.id == number)).one_or_none()
    return None if row is None else _listed(row)


def touches(session: Session, entry: Listed, units: Collection[str]) -> bool:
    """Whether an entry is about one of these units, or a person or kiosk of theirs. One query."""
    mine = session.scalar(select(Entry.id).where(Entry.id == entry.id, _within(units)))
    return mine is not None


def _named() -> Any:
    entry = Entry
    return (
        select(
            *(entry.id, entry.kind, entry.document, entry.person, Person.name, entry.unit, Unit.name, entry.kiosk),
            *(entry.since, entry.until, entry.reason, entry.entered_by, entry.entered_at),
            *(entry.withdrawn_by, entry.withdrawn_at, entry.withdrawn_why),
        )
        .outerjoin(Person, Person.id == entry.person)
        .outerjoin(Unit, Unit.code == entry.unit)
    )


def _listed(row: Sequence[Any]) -> Listed:
    number, kind, document, person, name, unit, unit_name, *rest = row
    known = EntryKind(kind)
    return Listed(number, known, CODECS[known].decode(document), person, name or "", unit, unit_name or "", *rest)


def _where(choice: Choice) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Entry.kind.in_([kind.value for kind in choice.kinds])]
    if choice.units is not None:
        found.append(or_(_within(choice.units), Entry.unit.in_(sorted(choice.above))))
    if choice.span is not None:
        since, until = choice.span
        found += [Entry.since <= until, or_(Entry.until.is_(None), Entry.until >= since)]
    if choice.standing:
        found.append(Entry.withdrawn_at.is_(None))
    return found


def _within(units: Collection[str]) -> ColumnElement[bool]:
    """Of a person who served there at some time of the entry's, of a kiosk or a unit there."""
    mine = sorted(units)
    served = select(Assignment.id).where(
        Assignment.person == Entry.person,
        Assignment.unit.in_(mine),
        or_(Entry.until.is_(None), Assignment.from_day <= Entry.until),
        or_(Assignment.until_day.is_(None), Assignment.until_day >= Entry.since),
    )
    hung = select(Kiosk.id).where(Kiosk.id == Entry.kiosk, Kiosk.unit.in_(mine))
    return or_(Entry.unit.in_(mine), served.exists(), hung.exists())

"""Facts that people enter: each a class of the rules, stored with whom it touches and when. Withdrawn, never edited."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from collector.judging.errors import EntryError
from collector.judging.marks import ONE_DAY, Mark, Whose, dates_near, touch
from collector.rules.evidence import Disaster, Guarantee, Manual, Permit, Ruling
from collector.rules.hours import OwnHours, Turn
from collector.store.hours import Entry, Schedule, StoredTurn
from wire.codec import Codec


class EntryKind(StrEnum):
    """What an entry says."""

    PERMIT = "permit"
    OWN_HOURS = "own-hours"
    MANUAL = "manual"
    GUARANTEE = "guarantee"
    DISASTER = "disaster"
    RULING = "ruling"
    FINISHED = "finished"  # BKD declared a kiosk finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """BKD declared a kiosk finished: all that it has not said by now is silence of a machine, and it is waited for no more."""

    kiosk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalHours:
    """One person's own week."""

    person: str
    hours: OwnHours


Fact: TypeAlias = Permit | PersonalHours | Manual | Guarantee | Disaster | Ruling | Finished

CODECS: Mapping[EntryKind, Codec[Any]] = {
    EntryKind.PERMIT: Codec("permit", Permit),
    EntryKind.OWN_HOURS: Codec("own hours", PersonalHours),
    EntryKind.MANUAL: Codec("manual presence", Manual),
    EntryKind.GUARANTEE: Codec("guarantee", Guarantee),
    EntryKind.DISASTER: Codec("disaster", Disaster),
    EntryKind.RULING: Codec("ruling", Ruling),
    EntryKind.FINISHED: Codec("kiosk finished", Finished),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a fact touches, and the dates it can touch, both included."""

    kind: EntryKind
    mark: Mark
    person: str = ""
    unit: str = ""
    kiosk: str = ""


def enter(connection: Connection, fact: Fact, by: str, reason: str, now: datetime) -> str:
    """Store a fact and have the days that it touches judged again; its id. Raises EntryError without a name or reason."""
    if not by.strip() or not reason.strip():
        raise EntryError("an entry needs who makes it and why (the letter, the finding): name both")
    where = scope_of(fact)
    if where.mark.until < where.mark.since:
        raise EntryError(f"it ends on {where.mark.until}, before it begins on {where.mark.since}: turn the dates round")
    number = secrets.token_hex(8)
    row = {
        "id": number,
        "kind": where.kind.value,
        "person": where.person,
        "unit": where.unit,
        "kiosk": where.kiosk,
        "since": where.mark.since,
        "until": None if where.mark.until == date.max else where.mark.until,
        "document": CODECS[where.kind].encode(fact),
        "reason": reason,
        "entered_by": by,
        "entered_at": now,
    }
    connection.execute(insert(Entry).values(row))
    touch(connection, [where.mark])
    return number


def withdraw(connection: Connection, number: str, by: str, now: datetime, why: str = "") -> None:
    """Take an entry back; what it touched is judged again. Raises EntryError."""
    row = connection.execute(
        select(Entry.kind, Entry.document).where(Entry.id == number, Entry.withdrawn_at.is_(None)).with_for_update()
    ).one_or_none()  # held until the commit: of two at once the second finds it withdrawn, and the first's name stays
    if row is None or not by.strip():
        raise EntryError(f"entry {number!r} is not there or was withdrawn already, or nobody is named who withdraws it")
    step = {"withdrawn_by": by, "withdrawn_at": now, "withdrawn_why": why.strip()}
    connection.execute(update(Entry).where(Entry.id == number).values(**step))
    touch(connection, [scope_of(CODECS[EntryKind(row.kind)].decode(row.document)).mark])


def permits(connection: Connection, people: Sequence[str], since: date, until: date) -> dict[str, Permit]:
    """The letters that hold for these people within two dates, both included, by the id of their entry."""
    query = select(Entry.id, Entry.document).where(
        Entry.kind == EntryKind.PERMIT.value,
        Entry.person.in_(people),
        Entry.withdrawn_at.is_(None),
        Entry.since <= until,
        Entry.until >= since,
    )
    codec = CODECS[EntryKind.PERMIT]
    return {number: codec.decode(document) for number, document in connection.execute(query)}


def scope_of(fact: Fact) -> Scope:
    """Whom and when a fact touches."""
    if isinstance(fact, Disaster):
        mark = Mark(Whose.UNIT, fact.unit, *dates_near(fact.since, fact.until))
        return Scope(EntryKind.DISASTER, mark, unit=fact.unit)
    if isinstance(fact, Finished):
        return Scope(EntryKind.FINISHED, Mark(Whose.KIOSK, fact.kiosk, date.min, date.max), kiosk=fact.kiosk)
    kind, since, until = _personal(fact)
    return Scope(kind, Mark(Whose.PERSON, fact.person, since, until or date.max), person=fact.person)


def _personal(fact: Permit | PersonalHours | Manual | Guarantee | Ruling) -> tuple[EntryKind, date, date | None]:
    if isinstance(fact, Permit):
        return EntryKind.PERMIT, fact.since, fact.until
    if isinstance(fact, PersonalHours):
        return EntryKind.OWN_HOURS, fact.hours.since, fact.hours.until
    if isinstance(fact, Manual):
        return EntryKind.MANUAL, *dates_near(fact.at, fact.at)
    if isinstance(fact, Guarantee):
        return EntryKind.GUARANTEE, fact.since, fact.until
    return EntryKind.RULING, fact.day, fact.day


@dataclass(frozen=True, slots=True)
class Decided:
    """Who entered hours, when, and why, as far as that was said."""

    by: str
    at: datetime
    reason: str = ""


def set_pattern(connection: Connection, person: str, pattern: str, since: date, decided: Decided) -> None:
    """From that day on the person follows this pattern of hours; days since then are judged again. Nothing is checked."""
    mine = (Schedule.person == person, Schedule.since == since)
    connection.execute(delete(Schedule).where(*mine))
    who = {"entered_by": decided.by, "entered_at": decided.at, "reason": decided.reason}
    connection.execute(insert(Schedule).values(person=person, since=since, pattern=pattern, **who))
    touch(connection, [Mark(Whose.PERSON, person, since, date.max)])


def set_turns(connection: Connection, turns: Mapping[tuple[str, date], Turn | None]) -> None:
    """Enter dates of people's rotas, by person and date; None empties a date. Those days are judged again, and no others:
    a day is judged by its own turn alone. Nothing is checked."""
    keys = [{"p": person, "d": day} for person, day in sorted(turns)]
    if not keys:
        return
    connection.execute(
        delete(StoredTurn).where(StoredTurn.person == bindparam("p"), StoredTurn.day == bindparam("d")), keys
    )
    rows = [
        {"person": person, "day": day, "shift": turn.shift, "off": turn.off.value}
        for (person, day), turn in sorted(turns.items(), key=lambda each: each[0])
        if turn is not None
    ]
    if rows:
        connection.execute(insert(StoredTurn), rows)
    touch(connection, _runs(sorted(turns)))


def _runs(days: Iterable[tuple[str, date]]) -> Iterator[Mark]:
    """A mark for each stretch of following dates of a person; `days` in order."""
    since: tuple[str, date] | None = None
    last = ("", date.min)
    for person, day in days:
        if since is not None and (person, day) != (last[0], last[1] + ONE_DAY):
            yield Mark(Whose.PERSON, since[0], since[1], last[1])
            since = None
        since, last = since or (person, day), (person, day)
    if since is not None:
        yield Mark(Whose.PERSON, since[0], since[1], last[1])

"""Manual presence lists: filed by one, confirmed by another, for the four lawful reasons alone. Nothing is edited."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, insert, select, update

from collector.entered.errors import ConfirmError, ListError
from collector.judging import entries
from collector.judging.evidence import load
from collector.judging.marks import local_date
from collector.judging.organisation import read_organisation
from collector.leave import reading
from collector.rules.evidence import Manual, ManualWhy
from collector.rules.hours import WIB, Span
from collector.rules.touching import touching
from collector.schedules.standing import hold
from collector.store.hours import Entry
from collector.store.lists import PresenceLine, PresenceList

MINUTE = timedelta(minutes=1)
FILED, CONFIRMED, REFUSED, WITHDRAWN = "filed", "confirmed", "refused", "withdrawn"
MOST_LINES = 300
Filed: TypeAlias = Row[Any]
"""A row of `presence_lists`, its columns by name."""


@dataclass(frozen=True, slots=True)
class Line:
    """One person of a list, by local times; at least one of them."""

    person: str
    comes: time | None
    goes: time | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A unit's list of a date. `number`: of the list or its letter; `letter`: id of the stored scan."""

    unit: str
    day: date
    why: ManualWhy
    number: str
    lines: tuple[Line, ...]
    note: str = ""
    letter: str | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """Who says something about a list, and when. `person`: who they are, where that is known."""

    by: str
    at: datetime
    why: str = ""
    person: str | None = None


def check(filing: Filing, now: datetime) -> None:
    """Raises ListError for what no list can say."""
    people = [line.person for line in filing.lines]
    if not 0 < len(people) <= MOST_LINES:
        raise ListError(f"{len(people)} people on one list: name 1 to {MOST_LINES}")
    twice = sorted({person for person in people if people.count(person) > 1})
    if twice:
        raise ListError(f"person {twice[0]} stands twice on the list: one line a person")
    if not filing.number.strip():
        raise ListError("a list needs its number: write it as it stands on the paper")
    if filing.day > local_date(now):
        raise ListError(f"{filing.day} has not come: a list says who was there")
    for line in filing.lines:
        if line.comes is None and line.goes is None:
            raise ListError(f"person {line.person} has no time: give when they came, when they went, or both")
        if line.comes is not None and line.goes is not None and line.comes >= line.goes:
            raise ListError(f"person {line.person} went at {line.goes:%H:%M}, not after {line.comes:%H:%M}")
    if any(fact.at > now for fact in facts_of(filing)):
        raise ListError(f"a time of {filing.day} has not come yet: a list says who was there")


def facts_of(filing: Filing) -> list[Manual]:
    """What the judge is told once the list is confirmed: a fact a time."""
    return [
        Manual(
            person=line.person,
            at=datetime.combine(filing.day, clock, WIB),
            why=filing.why,
            list=filing.number.strip(),
        )
        for line in filing.lines
        for clock in (line.comes, line.goes)
        if clock is not None
    ]


def unfounded(connection: Connection, filing: Filing) -> list[str]:
    """People of a list for whom what is known does not show its reason: their day goes to review, once it is confirmed."""
    people = sorted({line.person for line in filing.lines})
    told = facts_of(filing)
    facts = load(connection, read_organisation(connection), people, filing.day, filing.day, supposed=told)
    found = []
    for name in people:
        person = facts.person(name, filing.day)
        assigned = person.assigned(filing.day)
        moments = [fact.at for fact in told if fact.person == name]
        frame = Span(min(moments), max(moments) + MINUTE)
        units = assigned.units if assigned else ()
        if touching(person, filing.day, units, frame, facts.evidence(name, filing.day)).unfounded:
            found.append(name)
    return found


def file(connection: Connection, filing: Filing, by: str, now: datetime) -> str:
    """Store a list that waits for its confirmation; its id. Raises ListError."""
    check(filing, now)
    people = [line.person for line in filing.lines]
    _serve(connection, filing, people)
    _not_listed(connection, filing, people)
    number = secrets.token_hex(8)
    row = {
        "id": number,
        "unit": filing.unit,
        "day": filing.day,
        "why": filing.why.value,
        "number": filing.number.strip(),
        "note": filing.note.strip(),
        "letter": filing.letter,
        "state": FILED,
        "filed_by": by,
        "filed_at": now,
    }
    connection.execute(insert(PresenceList).values(row))
    lines = [
        {"list": number, "person": line.person, "comes": line.comes, "goes": line.goes, "entries": ""}
        for line in filing.lines
    ]
    connection.execute(insert(PresenceLine), lines)
    return number


def _serve(connection: Connection, filing: Filing, people: Sequence[str]) -> None:
    """By their main post, as the page offers them; held until the commit, so that of two lists at once one names a person."""
    hold(connection, people)
    units = read_organisation(connection).tree.below(filing.unit)
    strangers = reading.strangers(connection, units, people, filing.day)
    if strangers:
        raise ListError(
            f"person {strangers[0]} does not serve at {filing.unit} by their main post on {filing.day}: take them off the list"
        )


def _not_listed(connection: Connection, filing: Filing, people: Sequence[str]) -> None:
    before = connection.execute(
        select(PresenceLine.person, PresenceList.number)
        .join(PresenceList, PresenceList.id == PresenceLine.list)
        .where(PresenceLine.person.in_(people), PresenceList.day == filing.day)
        .where(PresenceList.state.in_((FILED, CONFIRMED)))
        .order_by(PresenceLine.person)
        .limit(1)
    ).one_or_none()
    if before is not None:
        raise ListError(
            f"person {before.person} stands on list {before.number} of {filing.day} already: withdraw that one first"
        )


def confirm(connection: Connection, number: str, word: Word) -> list[str]:
    """Let a list count: the judge reads it from now on; ids of the entries, two a person at most.

    Raises ConfirmError when the one who filed it confirms, or somebody who stands on it; ListError.
    """
    row = _decidable(connection, number, word)
    lines = _lines(connection, number)
    if word.person is not None and word.person in {line.person for line in lines}:
        raise ConfirmError(f"list {row.number} has {word.by} on it: let somebody else confirm it")
    filing = _filing(row, lines)
    made: dict[str, list[str]] = {line.person: [] for line in lines}
    for fact in facts_of(filing):
        made[fact.person].append(entries.enter(connection, fact, word.by, row.number, word.at))
    for person, ids in made.items():
        mine = (PresenceLine.list == number, PresenceLine.person == person)
        connection.execute(update(PresenceLine).where(*mine).values(entries=" ".join(ids)))
    _decide(connection, number, word, CONFIRMED)
    return [entry for ids in made.values() for entry in ids]


def refuse(connection: Connection, number: str, word: Word) -> None:
    """Refuse a filed list with a reason. Raises ConfirmError, ListError."""
    _decidable(connection, number, word)
    if not word.why.strip():
        raise ListError("a refusal needs its reason: the people on the list will ask")
    _decide(connection, number, word, REFUSED)


def withdraw(connection: Connection, number: str, word: Word) -> None:
    """Take a filed or confirmed list back, with a reason; its days are judged again. Raises ListError."""
    row = _held(connection, number)
    if row.state not in (FILED, CONFIRMED):
        raise ListError(f"list {row.number} is {row.state}: only one that is filed or confirmed can be withdrawn")
    if not word.why.strip():
        raise ListError("a withdrawal needs its reason")
    told = connection.scalars(select(PresenceLine.entries).where(PresenceLine.list == number)).all()
    standing = select(Entry.id).where(Entry.id.in_(" ".join(told).split()), Entry.withdrawn_at.is_(None))
    for entry in connection.scalars(standing).all():
        entries.withdraw(connection, entry, word.by, word.at, word.why)
    step = {"state": WITHDRAWN, "withdrawn_by": word.by, "withdrawn_at": word.at, "withdrawn_why": word.why.strip()}
    connection.execute(update(PresenceList).where(PresenceList.id == number).values(**step))


def find(connection: Connection, number: str) -> Filed:
    """One list's row. Raises ListError."""
    row = connection.execute(select(PresenceList.__table__).where(PresenceList.id == number)).one_or_none()
    if row is None:
        raise ListError(f"no list {number!r}")
    return row


def filing_of(connection: Connection, number: str) -> Filing:
    """A list as it was filed. Raises ListError."""
    return _filing(find(connection, number), _lines(connection, number))


def _filing(row: Filed, lines: Sequence[Line]) -> Filing:
    return Filing(
        unit=row.unit,
        day=row.day,
        why=ManualWhy(row.why),
        number=row.number,
        lines=tuple(lines),
        note=row.note,
        letter=row.letter,
    )


def _lines(connection: Connection, number: str) -> list[Line]:
    query = select(PresenceLine.person, PresenceLine.comes, PresenceLine.goes).where(PresenceLine.list == number)
    return [Line(*row) for row in connection.execute(query.order_by(PresenceLine.person))]


def _held(connection: Connection, number: str) -> Filed:
    """The list, held until the commit: of two who act at once the second meets what the first left."""
    connection.execute(select(PresenceList.id).where(PresenceList.id == number).with_for_update()).all()
    return find(connection, number)


def _decidable(connection: Connection, number: str, word: Word) -> Filed:
    row = _held(connection, number)
    if row.state != FILED:
        raise ListError(f"list {row.number} is {row.state}: only a filed one can be confirmed or refused")
    if row.filed_by.strip().casefold() == word.by.strip().casefold():
        raise ConfirmError(f"list {row.number} was filed by {word.by}: let somebody else confirm it")
    return row


def _decide(connection: Connection, number: str, word: Word, state: str) -> None:
    step = {"state": state, "decided_by": word.by, "decided_at": word.at, "decided_why": word.why.strip()}
    connection.execute(update(PresenceList).where(PresenceList.id == number).values(**step))

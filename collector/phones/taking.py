"""Taking phone records in: each once, by its identity; what is there never changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, insert, or_, select, text
from sqlalchemy.orm import Session

from collector import audit
from collector.judging.marks import Mark, Whose, dates_near, local_date, touch
from collector.people.scope import Tree
from collector.phones.reading import Refusal, Submission
from collector.phones.tokens import Sender
from collector.store.people import Assignment, Person, Unit
from collector.store.violations import PhoneRecord

LOCK = 0x50484F4E45  # any number that only phone records take

People: TypeAlias = dict[tuple[str, date], str]
"""Our id by the name and the date that were sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one record."""

    record: str
    state: str  # stored, known, refused
    error: str = ""
    conflict: bool = False


def take(session: Session, sender: Sender, told: Sequence[Submission | Refusal], now: datetime) -> list[Taken]:
    """Store what is new; sending again is harmless. One transaction, a fixed number of queries.

    Records of people outside the token's unit, and others under an identity that is taken, are refused.
    """
    connection = session.connection()
    _take_turns(connection)
    sent = [one for one in told if isinstance(one, Submission)]
    people = _people(session, sender, sent)
    known = _known(session, [identity(sender, one.record) for one in sent])
    answers: list[Taken] = []
    rows: list[dict[str, Any]] = []
    for one in told:
        answer = _answer(one, sender, people, known)
        answers.append(answer)
        if answer.state == "stored" and isinstance(one, Submission):
            row = _row(one, sender, people[one.person, local_date(one.at)], now)
            known[row["record"]] = _content(row)
            rows.append(row)
    if rows:
        session.execute(insert(PhoneRecord), rows)
        touch(connection, (Mark(Whose.PERSON, row["person"], *dates_near(row["at"], row["at"])) for row in rows))
    conflicts = [answer.record for answer in answers if answer.conflict]
    if conflicts:
        audit.note(session, f"phone/{sender.token}", "phone.conflict", sender.token, {"records": conflicts[:20]}, now)
    return answers


def identity(sender: Sender, record: str) -> str:
    """A record's identity: two applications may number alike, and neither can take the other's."""
    return f"phone/{sender.token}/{record}"


def _answer(one: Submission | Refusal, sender: Sender, people: People, known: Mapping[str, tuple[Any, ...]]) -> Taken:
    if isinstance(one, Refusal):
        return Taken(record=one.record, state="refused", error=one.error)
    person = people.get((one.person, local_date(one.at)))
    if person is None:
        error = f"person = {one.person!r}: nobody of this token's units on that date; check the id or the NIP"
        return Taken(record=one.record, state="refused", error=error)
    there = known.get(identity(sender, one.record))
    if there is None:
        return Taken(record=one.record, state="stored")
    if there == (person, one.device, one.at, one.latitude, one.longitude, one.accuracy_m):
        return Taken(record=one.record, state="known")
    error = f"record = {one.record!r}: is there with other content, and a record never changes; give a new one a new id"
    return Taken(record=one.record, state="refused", error=error, conflict=True)


def _row(one: Submission, sender: Sender, person: str, now: datetime) -> dict[str, Any]:
    return {
        "record": identity(sender, one.record),
        "person": person,
        "device": one.device,
        "at": one.at,
        "received_at": now,
        "latitude": one.latitude,
        "longitude": one.longitude,
        "accuracy_m": one.accuracy_m,
    }


def _content(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("person", "device", "at", "latitude", "longitude", "accuracy_m"))


def _known(session: Session, identities: Collection[str]) -> dict[str, tuple[Any, ...]]:
    p = PhoneRecord
    query = select(p.record, p.person, p.device, p.at, p.latitude, p.longitude, p.accuracy_m)
    return {record: tuple(rest) for record, *rest in session.execute(query.where(p.record.in_(identities)))}


def _take_turns(connection: Connection) -> None:
    """Of two requests with the same record the second one sees the first one's; judging waits for neither."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def _people(session: Session, sender: Sender, sent: Iterable[Submission]) -> People:
    """Our id by the name and date that were sent, of those who serve at the token's units then."""
    dates: dict[str, set[date]] = defaultdict(set)
    for one in sent:
        dates[one.person].add(local_date(one.at))
    a = Assignment
    query = (
        select(Person.id, Person.number, a.unit, a.from_day, a.until_day)
        .join(a, a.person == Person.id)
        .where(or_(Person.id.in_(dates), Person.number.in_(dates)))
    )
    units = _units(session, sender)
    found: People = {}
    for person, number, unit, since, until in session.execute(query):
        if units is not None and unit not in units:
            continue
        for name in {person, number or person}:
            held = (day for day in dates.get(name, ()) if since <= day and (until is None or day <= until))
            found.update(((name, day), person) for day in held)
    return found


def _units(session: Session, sender: Sender) -> frozenset[str] | None:
    """The token's unit and those below it; None for all."""
    if sender.unit is None:
        return None
    return Tree(session.execute(select(Unit.code, Unit.kind, Unit.parent)).all()).below(sender.unit)

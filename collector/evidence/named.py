"""Which of some records name a picture, and what the record itself says beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from collector.store.people import Person
from collector.store.records import StoredRecord
from wire.errors import WireError
from wire.records import AnyRecord, CheckIn, Event, decode_record, picture_named
from wire.seals import payload_of

MOST = 40
"""Pictures of one page."""


@dataclass(frozen=True, slots=True)
class Named:
    """A record that names a picture by its digest. `word`: check-in, pin, or the event's own; `person`: whom it names, if anybody;
    cosines where a face was compared."""

    record: str
    kiosk: str
    at: datetime
    received_at: datetime
    word: str
    person: str | None
    name: str | None
    score: float | None
    runner_up: float | None
    digest: str


def named_by(session: Session, identities: Iterable[str]) -> list[Named]:
    """Those of these records, by identity, that name a picture, by time. Two queries."""
    places = sorted({place for place in map(_place, identities) if place is not None})
    r = StoredRecord
    rows = session.execute(
        select(r.kiosk, r.chain, r.seq, r.received_at, r.sealed)
        .where(tuple_(r.kiosk, r.chain, r.seq).in_(places), r.kind.in_((CheckIn.KIND, Event.KIND)))
        .order_by(r.at, r.kiosk, r.seq)
    ).all()
    read = [(f"{kiosk}/{chain}/{seq}", received, _read(sealed)) for kiosk, chain, seq, received, sealed in rows]
    found = [
        (identity, received, record, digest)
        for identity, received, record in read
        if record is not None and (digest := picture_named(record.body)) is not None
    ][:MOST]
    people = {person for _, _, record, _ in found if (person := _person(record)) is not None}
    known = session.execute(select(Person.id, Person.name).where(Person.id.in_(people))).all()
    names = {row.id: row.name for row in known}
    return [_named(identity, received, record, digest, names) for identity, received, record, digest in found]


def _named(identity: str, received: datetime, record: AnyRecord, digest: str, names: dict[str, str]) -> Named:
    body, person = record.body, _person(record)
    score, runner_up = (
        (body.match.score, body.match.runner_up) if isinstance(body, CheckIn) and body.match else (None, None)
    )
    word = "pin" if isinstance(body, CheckIn) and body.method == "pin" else record.kind
    if isinstance(body, Event):
        word, score, runner_up = body.event, _number(body.detail.get("score")), _number(body.detail.get("runner_up"))
    name = names.get(person or "")
    return Named(identity, record.kiosk, record.at, received, word, person, name, score, runner_up, digest)


def _person(record: AnyRecord) -> str | None:
    """Whom the record names; an event may say anything."""
    body = record.body
    named = body.detail.get("person") if isinstance(body, Event) else getattr(body, "person", None)
    return named if isinstance(named, str) and len(named) <= 64 else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and -1.01 <= value <= 1.01 else None


def _read(sealed: str) -> AnyRecord | None:
    try:
        return decode_record(payload_of(sealed))
    except WireError:
        return None


def _place(identity: str) -> tuple[str, str, int] | None:
    parts = identity.split("/")
    if len(parts) != 3 or not (parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 19):
        return None
    return parts[0], parts[1], int(parts[2])

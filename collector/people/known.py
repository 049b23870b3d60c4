"""By what kiosks know each person: name, face, PIN, opened from the vault for the rosters."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.errors import VaultError
from collector.people.sealing import clear_template, pin_name
from collector.store.hours import Entry
from collector.store.leave import StoredPin
from collector.store.people import Person, Template
from collector.vault import Vault
from wire.messages import PinVerifier

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """What every kiosk is told of a person: name, template (float32 little-endian; None: no face yet), PIN where a guarantee
    holds, and a hash of all of it."""

    name: str
    template: bytes | None
    mark: str
    pin: PinVerifier | None = None


class Opener:
    """Opens templates and PINs; one that does not open is left out, and told once: its person must be given another."""

    def __init__(self, vault: Vault, model: str, told: set[str]) -> None:
        self.model = model
        self._vault = vault
        self._told = told

    def faces(self, rows: Iterable[tuple[str, str, bytes]]) -> Iterator[tuple[str, Known]]:
        """Person and face. Raises KeysError when a key is missing: nobody may lose their place on a roster by that."""
        for person, name, kept in rows:
            try:
                yield person, _face(name, clear_template(self._vault, person, self.model, kept), self.model)
            except VaultError as error:
                self._tell(person, f"left out of every roster: {error}; enrol them again")

    def verifier(self, row: StoredPin, zone: ZoneInfo) -> PinVerifier | None:
        """A PIN as kiosks check it. Raises KeysError as for faces."""
        try:
            digest = self._vault.unseal(row.digest, pin_name(row.person))
        except VaultError as error:
            self._tell(pin_name(row.person), f"left out of every roster: {error}; give them a new PIN")
            return None
        return PinVerifier(
            number=row.number,
            salt=base64.b64encode(row.salt).decode(),
            digest=base64.b64encode(digest).decode(),
            cost=row.cost,
            from_=datetime.combine(row.since, time(), zone),
            until=datetime.combine(row.until + timedelta(days=1), time(), zone),
        )

    def _tell(self, what: str, words: str) -> None:
        if what not in self._told:
            LOG.error("%s", words)
        self._told.add(what)


def known_by(session: Session, opener: Opener, today: date, zone: ZoneInfo) -> dict[str, Known]:
    """Everybody who has a face of the opener's model, or a PIN whose guarantee holds today. Two queries."""
    return _with_pins(_faces(session, opener), _pins(session, opener, today, zone))


def _pins(session: Session, opener: Opener, today: date, zone: ZoneInfo) -> dict[str, tuple[str, PinVerifier]]:
    """Name and PIN of everybody whose guarantee holds today and was not taken back, by person."""
    p = StoredPin
    query = select(p, Person.name).join(Person, Person.id == p.person).join(Entry, Entry.id == p.entry)
    rows = session.execute(query.where(p.since <= today, p.until >= today, Entry.withdrawn_at.is_(None)))
    found = ((row.person, name, opener.verifier(row, zone)) for row, name in rows)
    return {person: (name, pin) for person, name, pin in found if pin is not None}


def _with_pins(faces: dict[str, Known], pins: Mapping[str, tuple[str, PinVerifier]]) -> dict[str, Known]:
    """Faces, and with them or without one the PINs."""
    for person, (name, pin) in pins.items():
        face = faces.get(person) or Known(name, None, "")
        mark = hashlib.sha256(repr((face.mark, name, pin)).encode()).hexdigest()
        faces[person] = replace(face, pin=pin, mark=mark)
    return faces


def _faces(session: Session, opener: Opener) -> dict[str, Known]:
    rows = session.execute(
        select(Template.person, Person.name, Template.vector)
        .join(Person, Person.id == Template.person)
        .where(Template.model == opener.model)
    )
    return dict(opener.faces((person, name, kept) for person, name, kept in rows))


def _face(name: str, vector: bytes, model: str) -> Known:
    mark = hashlib.sha256(repr((name, model)).encode() + vector).hexdigest()
    return Known(name, vector, mark)

"""The roster in relay.db: as ciphertext, applied as a whole, never backwards.

A newer manifest is a candidate until every entry it names is here. Who is not in it is gone at once; who is added or
changed appears when it becomes the active one.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from kiosk.relay.inbound import SealedEntry, SealedManifest
from kiosk.relay.tables import ENTRIES, MANIFESTS
from wire.messages import ROSTER_MANIFEST, RosterManifest
from wire.seals import payload_of

LOG = logging.getLogger(__name__)

MOST_LOOSE = 20_000
"""So many entries are kept: a roster is 10,000 people at most, and as many may be on their way for the next one."""

Slot = Literal["active", "candidate"]


@dataclass(frozen=True, slots=True)
class RawRoster:
    """The roster as the relay holds it: the active manifest's sealed text, the candidate's or None, and by person the
    sealed entries that the active one names and the candidate does not take away."""

    manifest: str
    candidate: str | None
    entries: dict[str, str]


def take_manifest(connection: Connection, came: SealedManifest) -> bool:
    """Accept a newer manifest as candidate; False for one that is not newer than what was accepted before."""
    version = came.manifest.version
    newest = connection.execute(select(func.max(MANIFESTS.c.version))).scalar_one()
    if newest is not None and version <= newest:
        return False
    _put(connection, "candidate", version, came.sealed)
    people = set(came.manifest.people)
    held = connection.execute(select(ENTRIES.c.person).distinct()).scalars()
    _forget(connection, [person for person in held if person not in people])
    return True


def take_entry(connection: Connection, came: SealedEntry) -> None:
    """Keep an entry; whether it is ever used is up to a manifest that names its digest."""
    row = {"digest": came.digest, "person": came.person, "sealed": came.sealed}
    connection.execute(upsert(ENTRIES).values(row).on_conflict_do_nothing())


def advance(connection: Connection) -> int | None:
    """Make the candidate active when all of it is here. Gives the version that became active, or None.

    Call it once after a batch of messages.
    """
    candidate = _manifest(connection, "candidate")
    if candidate is None or missing(connection, candidate):
        _bound(connection)
        return None
    sealed = connection.execute(select(MANIFESTS.c.sealed).where(MANIFESTS.c.slot == "candidate")).scalar_one()
    _put(connection, "active", candidate.version, sealed)
    connection.execute(delete(MANIFESTS).where(MANIFESTS.c.slot == "candidate"))
    _drop_superseded(connection, set(candidate.people.values()))
    return candidate.version


def missing(connection: Connection, manifest: RosterManifest | None = None) -> int:
    """Number of entries that the candidate names and that are not here; 0 without a candidate."""
    manifest = manifest or _manifest(connection, "candidate")
    if manifest is None:
        return 0
    held = set(connection.execute(select(ENTRIES.c.digest)).scalars())
    return sum(digest not in held for digest in manifest.people.values())


def version(connection: Connection) -> int:
    """Version of the active roster; 0 when there is none."""
    found = connection.execute(select(MANIFESTS.c.version).where(MANIFESTS.c.slot == "active")).scalar()
    return int(found or 0)


def versions(connection: Connection) -> dict[str, int]:
    """Versions of the active manifest and of the candidate, by slot."""
    return {row.slot: row.version for row in connection.execute(select(MANIFESTS.c.slot, MANIFESTS.c.version))}


def raw_roster(connection: Connection) -> RawRoster | None:
    """The roster in force; None before the first complete one."""
    texts = {row.slot: row.sealed for row in connection.execute(select(MANIFESTS))}
    if "active" not in texts:
        return None
    served = _people(texts["active"])
    if "candidate" in texts:
        staying = _people(texts["candidate"])
        served = {person: digest for person, digest in served.items() if person in staying}
    held = {row.digest: row.sealed for row in connection.execute(select(ENTRIES.c.digest, ENTRIES.c.sealed))}
    entries = {person: held[digest] for person, digest in served.items() if digest in held}
    return RawRoster(texts["active"], texts.get("candidate"), entries)


def _people(sealed: str) -> dict[str, str]:
    return ROSTER_MANIFEST.decode(payload_of(sealed)).people


def _manifest(connection: Connection, slot: Slot) -> RosterManifest | None:
    sealed = connection.execute(select(MANIFESTS.c.sealed).where(MANIFESTS.c.slot == slot)).scalar()
    return ROSTER_MANIFEST.decode(payload_of(sealed)) if sealed else None


def _put(connection: Connection, slot: Slot, number: int, sealed: str) -> None:
    row = {"slot": slot, "version": number, "sealed": sealed}
    connection.execute(upsert(MANIFESTS).values(row).on_conflict_do_update(index_elements=["slot"], set_=row))


def _forget(connection: Connection, people: list[str]) -> None:
    for person in people:
        connection.execute(delete(ENTRIES).where(ENTRIES.c.person == person))
    if people:
        LOG.info("%d people left the roster", len(people))


def _drop_superseded(connection: Connection, named: set[str]) -> None:
    """Delete entries that the new roster does not name, except those that came after its own: the next one's."""
    rows = connection.execute(select(ENTRIES.c.id, ENTRIES.c.digest)).all()
    newest = max((row.id for row in rows if row.digest in named), default=0)
    for row in rows:
        if row.digest not in named and row.id < newest:
            connection.execute(delete(ENTRIES).where(ENTRIES.c.id == row.id))


def _bound(connection: Connection) -> None:
    newest = connection.execute(select(func.max(ENTRIES.c.id))).scalar_one() or 0
    if newest > MOST_LOOSE:
        active = _manifest(connection, "active")
        named = set(active.people.values()) if active else set()
        old = connection.execute(select(ENTRIES.c.id, ENTRIES.c.digest).where(ENTRIES.c.id <= newest - MOST_LOOSE))
        for row in old.all():
            if row.digest not in named:
                connection.execute(delete(ENTRIES).where(ENTRIES.c.id == row.id))

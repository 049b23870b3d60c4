"""Who may say what: the registered kiosks and public keys that one batch needs, read with the batch.

Read anew for every batch, in one query each: a key revoked or registered by another process counts from the next
commit on, and there is no cache to forget. Only the parsed key objects are kept.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy import Connection, select

from collector.ingest.message import Envelope
from collector.store.people import Kiosk, KioskKey
from wire.errors import SealError
from wire.seals import KeyName, PublicKey

log = logging.getLogger(__name__)

RECORD = "record"
RELAY = "relay"


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A registered Ed25519 key; `use` record or relay."""

    public: PublicKey
    kiosk: str
    use: str
    revoked: bool = False


@dataclass(slots=True)
class Directory:
    """Registered kiosks, and their keys by name. Keys that a batch itself brings are added while it is judged."""

    kiosks: frozenset[str] = frozenset()
    keys: dict[str, KnownKey] = field(default_factory=dict)

    def chain_of(self, kiosk: str) -> str | None:
        """The chain of the kiosk's newest record key, or None when it has none."""
        own = [key.public for key in self.keys.values() if key.kiosk == kiosk and key.use == RECORD and not key.revoked]
        return max(own, key=lambda public: public.name.number).thumbprint if own else None


def read_directory(connection: Connection, envelopes: Iterable[Envelope]) -> Directory:
    """What is registered about the kiosks that these messages' topics name."""
    named = {envelope.address.kiosk for envelope in envelopes if envelope.address}
    kiosks = frozenset(connection.scalars(select(Kiosk.id).where(Kiosk.id.in_(named))))
    rows = connection.execute(
        select(KioskKey.kid, KioskKey.x, KioskKey.kiosk, KioskKey.use, KioskKey.revoked_at).where(
            KioskKey.kiosk.in_(kiosks), KioskKey.use.in_((RECORD, RELAY))
        )
    )
    keys = {}
    for kid, x, kiosk, use, revoked_at in rows:
        public = _parsed(kid, x)
        if public:
            keys[kid] = KnownKey(public, kiosk, use, revoked_at is not None)
    return Directory(kiosks, keys)


@lru_cache(maxsize=50_000)
def _parsed(kid: str, x: str) -> PublicKey | None:
    """One key of the table; a damaged one is as good as unknown, and must not stop the others."""
    try:
        return PublicKey.from_x(KeyName.parse(kid), x)
    except SealError:
        log.exception("registered key %s is damaged: register it again", kid)
        return None

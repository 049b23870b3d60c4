"""The peer of `siperlu bench ingest`: what a script on paho and SQLAlchemy does, one commit a message."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from collector.ingest.message import Message
from collector.store.records import StoredRecord
from wire.records import CheckIn, decode_record
from wire.seals import Keyring, Sealed, digest


class Peer:
    """Verifies, decodes, adds one object, commits. It looks at no chain and sends no receipt: all in its favour."""

    def __init__(self, engine: Engine, ring: Keyring) -> None:
        self._session = Session(engine)
        self._ring = ring

    def take(self, message: Message) -> None:
        """Store one record durably."""
        record = decode_record(self._ring.verify(message.payload, Sealed.RECORD))
        row = StoredRecord(
            kiosk=record.kiosk,
            chain=record.chain,
            seq=record.seq,
            digest=digest(message.payload),
            prev=record.prev,
            kind=record.kind,
            at=record.at,
            clock_source=record.clock.source,
            clock_error_ms=record.clock.error_ms,
            boot=record.clock.boot,
            monotonic_ns=record.clock.monotonic_ns,
            received_at=message.at,
            sealed=message.payload.decode(),
        )
        if isinstance(record.body, CheckIn):
            row.person, row.method, row.unit = record.body.person, record.body.method, record.body.place.unit
        self._session.add(row)
        self._session.commit()

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()

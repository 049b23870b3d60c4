"""Writing records inside one open transaction: the only place where a link is forged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert

from firmware.clock import Reading
from kiosk.ledger.entry import Entry
from kiosk.ledger.tables import CHAINS, RECORDS
from wire.chain import Head
from wire.errors import ContractError
from wire.records import (
    GENESIS,
    MAX_SEALED_BYTES,
    AnyRecord,
    Body,
    ChainStart,
    Clock,
    Event,
    Record,
    decode_record,
    encode_record,
)
from wire.seals import Sealed, SealingKey, digest
from wire.types import to_utc_ms

MAX_RECORD_BYTES = (MAX_SEALED_BYTES - 512) * 3 // 4
"""Room for a header and a signature; base64 makes four bytes of three."""


@dataclass(frozen=True, slots=True)
class Pen:
    """The end of the chain that is written: the kiosk, the key that signs, and the last record."""

    kiosk: str
    key: SealingKey
    head: Head

    @classmethod
    def fresh(cls, kiosk: str, key: SealingKey) -> Pen:
        """At the beginning of the chain of `key`."""
        return cls(kiosk, key, Head(key.public.thumbprint))

    @property
    def number(self) -> int:
        """Number of the chain's key."""
        return self.key.public.name.number

    def write(self, connection: Connection, body: Body, reading: Reading) -> tuple[Pen, Entry]:
        """Insert the next record; nothing is durable before the transaction ends."""
        record: Record[Any] = Record(
            kiosk=self.kiosk,
            chain=self.head.chain,
            seq=self.head.seq + 1,
            prev=self.head.digest,
            kind=body.KIND,
            at=to_utc_ms(reading.at),
            clock=Clock(
                source=reading.source, error_ms=reading.error_ms, boot=reading.boot, monotonic_ns=reading.monotonic_ns
            ),
            body=body,
        )
        sealed = self.key.seal(Sealed.RECORD, _lawful(record))
        if record.seq == 1:
            self._begin(connection)
        connection.execute(insert(RECORDS).values(number=self.number, seq=record.seq, sealed=sealed))
        entry = Entry(record.chain, record.seq, digest(sealed), record.at)
        return Pen(self.kiosk, self.key, Head(entry.chain, entry.seq, entry.digest)), entry

    def _begin(self, connection: Connection) -> None:
        """Note the chain itself."""
        row = {"number": self.number, "chain": self.head.chain, "kept_seq": 0, "kept_digest": GENESIS}
        connection.execute(insert(CHAINS).values(row))


def chain_started(key: SealingKey, previous: Head, last_known: int, old_key: SealingKey | None) -> Event:
    """The first record of a chain that follows another: names it, and is endorsed by its key where that is still here.

    `last_known`: the highest number of the old chain that this kiosk or the centre's receipts know of.
    """
    thumbprint = key.public.thumbprint.encode()
    start = ChainStart(
        public_key=key.public.x,
        previous=previous.chain,
        previous_upto=last_known,
        endorsement=old_key.seal(Sealed.ENDORSEMENT, thumbprint) if old_key else None,
    )
    return Event(event="chain-started", detail={}, chain_start=start)


def _lawful(record: AnyRecord) -> bytes:
    """The record's bytes, read back once: what the centre would refuse must not get into the chain."""
    raw = encode_record(record)
    decode_record(raw)
    if len(raw) > MAX_RECORD_BYTES:
        raise ContractError(f"record: {len(raw)} bytes, at most {MAX_RECORD_BYTES}")
    return raw

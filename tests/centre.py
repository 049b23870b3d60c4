"""A centre and kiosks for tests: real keys, real seals, real databases; only the radio is left out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from collector.ingest.intake import Intake
from collector.ingest.message import Message
from collector.keys import CentreKeys
from collector.store.engine import open_engine
from collector.store.people import Kiosk, KioskKey, Unit
from collector.store.tables import metadata
from collector.store.writer import Writer
from tests.stores import lay_tables
from wire import records as r
from wire.messages import RECEIPT, Receipt
from wire.seals import KeyName, PublicKey, Sealed, SealingKey, digest
from wire.topics import Address

AT = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)


@dataclass
class FakeKiosk:
    """Seals records as a kiosk does, one chain at a time."""

    id: str = "kiosk-1"
    number: int = 1
    key: SealingKey = field(init=False)
    relay: SealingKey = field(init=False)
    sealed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = SealingKey.generate(KeyName(self.id, self.number))
        self.relay = SealingKey.generate(KeyName(f"{self.id}/relay", 1))

    @property
    def chain(self) -> str:
        return self.key.public.thumbprint

    def record(self, body: Any, seq: int, prev: str) -> r.AnyRecord:
        clock = r.Clock(source="ntp", error_ms=5, boot="boot-1", monotonic_ns=seq)
        at = AT + timedelta(minutes=seq)
        return r.Record(
            kiosk=self.id, chain=self.chain, seq=seq, prev=prev, kind=body.KIND, at=at, clock=clock, body=body
        )

    def seal(self, record: r.AnyRecord, **changed: Any) -> str:
        return self.key.seal(Sealed.RECORD, r.encode_record(dataclasses.replace(record, **changed)))

    def add(self, body: Any, **changed: Any) -> str:
        """The next record of the chain."""
        prev = digest(self.sealed[-1]) if self.sealed else r.GENESIS
        self.sealed.append(self.seal(self.record(body, len(self.sealed) + 1, prev), **changed))
        return self.sealed[-1]

    def add_raw(self, payload: bytes) -> str:
        """The next message of the chain, whatever is in it."""
        self.sealed.append(self.key.seal(Sealed.RECORD, payload))
        return self.sealed[-1]

    def day(self, count: int) -> list[str]:
        """So many records, every fifth a heartbeat."""
        return [self.add(heartbeat() if n % 5 == 0 else check_in()) for n in range(count)]

    def next_chain(self, *, endorsed: bool = True) -> FakeKiosk:
        """The kiosk with its next key, its first record made."""
        after = FakeKiosk(self.id, self.number + 1)
        after.relay = self.relay
        endorsement = self.key.seal(Sealed.ENDORSEMENT, after.chain.encode()) if endorsed else None
        start = r.ChainStart(
            public_key=after.key.public.x,
            previous=self.chain,
            previous_upto=len(self.sealed),
            endorsement=endorsement,
        )
        after.add(r.Event(event="chain-started", detail={}, chain_start=start))
        return after

    def message(self, sealed: str | bytes, channel: str = "records", item: str | None = None) -> Message:
        raw = sealed.encode() if isinstance(sealed, str) else sealed
        return Message(Address(self.id, channel, item).topic, raw, AT)


def check_in(person: str = "p-1") -> r.CheckIn:
    return r.CheckIn(
        person=person,
        method="face",
        match=r.MatchScore(model="m-1", score=0.9, runner_up=0.5, frames=3),
        liveness=r.Liveness(method="none", score=None),
        roster_version=1,
        place=r.Place(unit="DISDIK", lat=None, lon=None, anchor=None),
        evidence=None,
    )


def heartbeat() -> r.Heartbeat:
    return r.Heartbeat(cause="hour", in_service=True, version="0.1.0", counts={"check-in": 4})


class Centre:
    """The intake on a real database, and questions that tests ask of it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.keys = CentreKeys.open(folder / "centre-keys")
        self.writer = Writer(open_engine(url))
        lay_tables(self.writer.engine)
        self.intake = Intake(self.writer, self.keys, lambda: AT)

    def register(self, *kiosks: FakeKiosk) -> None:
        with self.writer.session() as session:
            if session.get(Unit, "DISDIK") is None:
                session.add(Unit(code="DISDIK", name="Dinas Pendidikan"))
                session.flush()
            for kiosk in kiosks:
                session.add(Kiosk(id=kiosk.id, unit="DISDIK", registered_at=AT))
                session.flush()
                session.add_all(key_row(kiosk.id, use, key.public) for use, key in both(kiosk))

    def take(self, *messages: Message) -> list[Receipt]:
        """Hand a batch over; the receipts, verified and read."""
        ring = self.keys.public.keyring()
        out = self.intake.take(messages)
        receipts = [RECEIPT.decode(ring.verify(one.payload, Sealed.RECEIPT)) for one in out]
        assert [one.topic for one in out] == [Address(receipt.kiosk, "receipts").topic for receipt in receipts]
        assert not any(one.retain for one in out)
        return receipts

    def rows(self, table: str) -> list[dict[str, Any]]:
        with self.writer.engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.select(metadata.tables[table])).mappings()]

    def upto(self, kiosk: FakeKiosk) -> int:
        return next((int(row["upto"]) for row in self.rows("chains") if row["chain"] == kiosk.chain), 0)

    def reasons(self) -> list[str]:
        return [row["reason"] for row in self.rows("set_aside")]

    def incidents(self) -> list[tuple[str, int]]:
        return sorted((row["kind"], row["seq"]) for row in self.rows("incidents"))


def both(kiosk: FakeKiosk) -> tuple[tuple[str, SealingKey], tuple[str, SealingKey]]:
    return ("record", kiosk.key), ("relay", kiosk.relay)


def key_row(kiosk: str, use: str, public: PublicKey) -> KioskKey:
    return KioskKey(kid=str(public.name), kiosk=kiosk, use=use, x=public.x, thumbprint=public.thumbprint, added_at=AT)


@contextmanager
def opened(url: str, folder: Path) -> Iterator[Centre]:
    centre = Centre(url, folder)
    try:
        yield centre
    finally:
        centre.writer.close()

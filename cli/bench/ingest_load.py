"""The load of `siperlu bench ingest`: kiosks, their sealed records, and a centre's database that knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collector.ingest.message import Message
from collector.store import migrate
from collector.store.engine import open_engine
from collector.store.people import Kiosk, KioskKey, Unit
from collector.store.writer import Writer
from wire.records import GENESIS, CheckIn, Clock, Liveness, MatchScore, Place, Record, encode_record
from wire.seals import KeyName, Keyring, PublicKey, Sealed, SealingKey, digest
from wire.topics import Address

MORNING = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
UNIT = "BENCH"


@dataclass(frozen=True, slots=True)
class Load:
    """`messages`: the kiosks' records, taking turns, each kiosk's in the order of its chain."""

    keys: tuple[PublicKey, ...]
    messages: tuple[Message, ...]

    @property
    def ring(self) -> Keyring:
        """The keys that sealed them."""
        return Keyring(self.keys)


def sealed_load(kiosks: int, records: int) -> Load:
    """So many check-ins of so many kiosks, in real chains."""
    keys = [SealingKey.generate(KeyName(f"bench-{number}", 1)) for number in range(1, kiosks + 1)]
    heads = [GENESIS] * kiosks
    messages = []
    for number in range(records):
        turn = number % kiosks
        sealed = keys[turn].seal(Sealed.RECORD, _record(keys[turn].public, number // kiosks + 1, heads[turn]))
        heads[turn] = digest(sealed)
        topic = Address(keys[turn].public.name.owner, "records").topic
        messages.append(Message(topic, sealed.encode(), MORNING))
    return Load(tuple(key.public for key in keys), tuple(messages))


def open_centre(url: str, keys: Sequence[PublicKey]) -> Writer:
    """The database of a centre, migrated, where the kiosks of these keys are registered."""
    writer = Writer(open_engine(url))
    migrate.upgrade(writer.engine)
    with writer.session() as session:
        session.merge(Unit(code=UNIT, name=UNIT, kind="opd"))
        session.flush()
        session.add_all(Kiosk(id=key.name.owner, unit=UNIT, scope="unit", registered_at=MORNING) for key in keys)
        session.flush()
        session.add_all(_registered(key) for key in keys)
    return writer


def _registered(key: PublicKey) -> KioskKey:
    return KioskKey(
        kid=str(key.name), kiosk=key.name.owner, use="record", x=key.x, thumbprint=key.thumbprint, added_at=MORNING
    )


def _record(key: PublicKey, seq: int, prev: str) -> bytes:
    body = CheckIn(
        person=f"p-{seq % 120:04d}",
        method="face",
        match=MatchScore(model="dlib-resnet-1", score=0.9312, runner_up=0.61, frames=3),
        liveness=Liveness(method="none", score=None),
        roster_version=4,
        place=Place(unit=UNIT, lat=-8.133, lon=113.225, anchor=None),
        evidence=None,
    )
    at = MORNING + timedelta(seconds=seq)
    clock = Clock(source="ntp", error_ms=12, boot="3f9a", monotonic_ns=seq * 1_000_000_000)
    return encode_record(
        Record(
            kiosk=key.name.owner,
            chain=key.thumbprint,
            seq=seq,
            prev=prev,
            kind=body.KIND,
            at=at,
            clock=clock,
            body=body,
        )
    )

"""What ingest asks of the database: a fixed number of statements a batch, whatever it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import Connection, Text, literal, null, select, text, tuple_, union_all

from collector.ingest.chains import Arrival, ChainState
from collector.ingest.links import Link, Place
from collector.store.base import UtcDateTime
from collector.store.records import Chain, SetAside, StoredRecord
from wire.records import Heartbeat

ISLAND = 1000
"""Numbers read at a time beyond a gap that was filled."""

INGEST_LOCK = 0x5349504552  # any number that only ingest takes
CHUNK = 5000
"""Places asked for in one statement; SQLite takes 32,766 values."""


def take_turns(connection: Connection) -> None:
    """Until this transaction ends no other ingest process judges: what one has stored, the next one must see."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": INGEST_LOCK})


def read_states(connection: Connection, chains: Iterable[tuple[str, str]]) -> dict[tuple[str, str], ChainState]:
    """The chains that are known already, by kiosk and chain."""
    columns = (
        Chain.kiosk,
        Chain.chain,
        Chain.first_at,
        Chain.upto,
        Chain.seen,
        Chain.complete_at,
        Chain.previous,
        Chain.previous_upto,
    )
    # By chain alone, which is the thumbprint of one key and so of one kiosk: one column makes the quickest lookup.
    rows = connection.execute(select(*columns).where(Chain.chain.in_({chain for _, chain in chains})))
    return {(row.kiosk, row.chain): ChainState(*row) for row in rows}


def read_links(connection: Connection, places: Iterable[Place]) -> dict[Place, Link]:
    """The links that the database has of these places."""
    wanted = list(places)
    found: dict[Place, Link] = {}
    key = tuple_(StoredRecord.kiosk, StoredRecord.chain, StoredRecord.seq)
    for start in range(0, len(wanted), CHUNK):
        rows = connection.execute(
            select(
                StoredRecord.kiosk, StoredRecord.chain, StoredRecord.seq, StoredRecord.digest, StoredRecord.prev
            ).where(key.in_(wanted[start : start + CHUNK]))
        )
        found.update((Place(kiosk, chain, seq), Link(digest, prev)) for kiosk, chain, seq, digest, prev in rows)
    return found


def read_arrivals(connection: Connection, kiosk: str, chain: str, start: int) -> Iterator[Arrival]:
    """What arrived of a chain from number `start` on, ascending, set-aside numbers included; read piece by piece."""
    while piece := _piece(connection, kiosk, chain, start):
        yield from piece
        start = piece[-1][0] + 1


def _piece(connection: Connection, kiosk: str, chain: str, start: int) -> list[Arrival]:
    records = select(StoredRecord.seq, StoredRecord.kind, StoredRecord.at).where(
        StoredRecord.kiosk == kiosk, StoredRecord.chain == chain, StoredRecord.seq >= start
    )
    aside = select(SetAside.seq, literal("", Text), null().cast(UtcDateTime)).where(
        SetAside.kiosk == kiosk, SetAside.chain == chain, SetAside.seq >= start
    )
    both = (
        union_all(
            select(records.order_by(StoredRecord.seq).limit(ISLAND).subquery()),
            select(aside.order_by(SetAside.seq).limit(ISLAND).subquery()),
        )
        .order_by("seq")
        .limit(ISLAND)
    )
    arrivals: dict[int, datetime | None] = {}
    for seq, kind, at in connection.execute(both):
        arrivals[seq] = at if kind == Heartbeat.KIND else arrivals.get(seq)
    return list(arrivals.items())

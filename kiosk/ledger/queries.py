"""What is asked of ledger.db, by the ledger itself and by its readers."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, select, update

from kiosk.ledger.entry import ChainSpan, Receipted, Stored
from kiosk.ledger.tables import CHAINS, RECORDS
from wire.chain import Head
from wire.seals import digest

TRIM_STEP = 500
"""So many records are deleted in one commit: the next check-in waits for it."""


def chains(connection: Connection) -> tuple[ChainSpan, ...]:
    """Every chain, oldest first."""
    last = select(func.max(RECORDS.c.seq)).where(RECORDS.c.number == CHAINS.c.number).scalar_subquery()
    rows = connection.execute(select(CHAINS, last.label("last")).order_by(CHAINS.c.number))
    return tuple(ChainSpan(row.number, row.chain, row.kept_seq, row.last or row.kept_seq) for row in rows)


def records(connection: Connection, span: ChainSpan, after: int, limit: int) -> list[Stored]:
    """Up to `limit` records of a chain with a number above `after`, in order."""
    wanted = (RECORDS.c.number == span.number) & (RECORDS.c.seq > after)
    rows = connection.execute(
        select(RECORDS.c.seq, RECORDS.c.sealed).where(wanted).order_by(RECORDS.c.seq).limit(limit)
    )
    return [Stored(span.chain, row.seq, row.sealed) for row in rows]


def head_at(connection: Connection, span: ChainSpan, seq: int) -> Head:
    """The head of a chain at record `seq`, which is stored, or the kept head when it was trimmed."""
    if seq <= span.kept:
        kept = connection.execute(select(CHAINS.c.kept_digest).where(CHAINS.c.number == span.number)).scalar_one()
        return Head(span.chain, span.kept, kept)
    wanted = (RECORDS.c.number == span.number) & (RECORDS.c.seq == seq)
    return Head(span.chain, seq, digest(connection.execute(select(RECORDS.c.sealed).where(wanted)).scalar_one()))


def waiting(connection: Connection, receipts: Mapping[str, Receipted]) -> int:
    """Number of records, of all chains, that no receipt covers."""
    return sum(
        _count_after(connection, span, receipted.upto)
        for span in chains(connection)
        if (receipted := receipts.get(span.chain, Receipted(0))).upto < span.last
    )


def trim(connection: Connection, span: ChainSpan, upto: int) -> int:
    """Delete the records of a chain up to `upto`, which becomes the kept head. Gives how many went."""
    kept = head_at(connection, span, upto)
    row = {"kept_seq": kept.seq, "kept_digest": kept.digest}
    connection.execute(update(CHAINS).where(CHAINS.c.number == span.number).values(row))
    gone = connection.execute(delete(RECORDS).where((RECORDS.c.number == span.number) & (RECORDS.c.seq <= upto)))
    return gone.rowcount


def _count_after(connection: Connection, span: ChainSpan, seq: int) -> int:
    wanted = (RECORDS.c.number == span.number) & (RECORDS.c.seq > seq)
    return connection.execute(select(func.count()).select_from(RECORDS).where(wanted)).scalar_one()

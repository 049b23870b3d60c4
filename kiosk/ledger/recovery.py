"""A ledger file that is not whole: noticing it, setting it aside, and saving what can be read."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, Table, insert, select, text
from sqlalchemy.exc import InvalidRequestError

from firmware.watchdog import notify
from kiosk.database import DatabaseError, Reader
from kiosk.files import sync
from kiosk.keys import KioskKeys
from kiosk.ledger import queries
from kiosk.ledger.entry import ChainSpan
from kiosk.ledger.tables import CHAINS, RECORDS
from wire.chain import Head, verify_chain
from wire.errors import SealError
from wire.records import GENESIS
from wire.seals import Sealed

LOG = logging.getLogger(__name__)

R = TypeVar("R")

TAIL = 100
"""So many of the last records are verified at every start; the whole chain is whoever's business asks for it."""

BEAT_ROWS = 500


def fault(connection: Connection, keys: KioskKeys, kiosk: str) -> str | None:
    """Why the newest chain cannot be continued: its first broken link among the last records; None when it can."""
    try:
        return _fault(connection, keys, kiosk)
    except (InvalidRequestError, TypeError, ValueError, AttributeError) as error:
        return f"what it holds makes no sense: {type(error).__name__}"  # a page of noise can be read as rows


def _fault(connection: Connection, keys: KioskKeys, kiosk: str) -> str | None:
    spans = queries.chains(connection)
    key = keys.find(spans[-1].chain) if spans else None
    if key is None:
        whole = all(_is_whole(row, CHAINS) for row in connection.execute(select(CHAINS)))
        return None if whole else "its chains are not whole"
    if not _is_numbered(spans[-1], keys):
        return f"chain {spans[-1].number} bears another chain's name"
    start = queries.head_at(connection, spans[-1], max(spans[-1].kept, spans[-1].last - TAIL))
    texts = [stored.sealed for stored in queries.records(connection, spans[-1], start.seq, TAIL)]
    _, broken = verify_chain(texts, key.public, kiosk, start)
    return f"record {broken.seq}: {broken.reason}" if broken else None


def new_draft(path: Path) -> Path:
    """Where a replacement of `path` is written: nothing is there, not even what a crash left. Raises OSError."""
    draft = path.with_name(path.name + ".new")
    for stale in (draft, draft.with_name(draft.name + "-journal")):
        stale.unlink(missing_ok=True)
    return draft


def set_aside(path: Path, replacement: Path, now: datetime) -> Path:
    """Put `replacement` in the place of a damaged file, which is kept under another name. Raises OSError.

    The journal goes first: beside the replacement it would be rolled back into the wrong file.
    """
    aside = path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%S%f}")
    journal = path.with_name(path.name + "-journal")
    if journal.exists():
        journal.rename(aside.with_name(aside.name + "-journal"))
    os.link(path, aside)
    replacement.replace(path)
    sync(path.parent)
    return aside


def salvage(damaged: Path, connection: Connection, keys: KioskKeys) -> Head | None:
    """Copy every record that can still be read and whose seal, where its key is here, verifies.

    Gives the head of the newest one.
    """
    reader = Reader(damaged)
    rows = {(row.number, row.seq): row for row in _beating(_readable(reader, RECORDS)) if _is_genuine(row, keys)}
    chains = {row.number: row for row in _readable(reader, CHAINS) if _is_numbered(row, keys)}
    reader.close()
    for number in sorted({number for number, _ in rows} | set(chains)):
        kept = [row for row in rows.values() if row.number == number]
        chain = chains.get(number)
        first = min((row.seq for row in kept), default=1)
        name = chain.chain if chain else keys.chain_of(number)
        if name is None:
            continue
        whole = {"kept_seq": chain.kept_seq, "kept_digest": chain.kept_digest} if chain else {}
        values = {"number": number, "chain": name, "kept_seq": first - 1, "kept_digest": GENESIS, **whole}
        connection.execute(insert(CHAINS).values(values))
        for row in _beating(kept):
            connection.execute(insert(RECORDS).values(row._asdict()))
    LOG.error("%s: %d records could be read and were saved", damaged, len(rows))
    spans = queries.chains(connection)
    return queries.head_at(connection, spans[-1], spans[-1].last) if spans else None


def _beating(rows: Iterable[R]) -> Iterator[R]:
    """The rows; the watchdog hears that they pass. Saving the records of 90 days takes a small board longer than it
    waits, and a kiosk ended in the middle would begin anew for ever."""
    for number, row in enumerate(rows):
        if number % BEAT_ROWS == 0:
            notify("WATCHDOG=1")
        yield row


def _is_whole(row: Row[Any], table: Table) -> bool:
    """Whether every value is of its column's type: in a damaged file nothing else holds SQLite to that."""
    return all(isinstance(value, column.type.python_type) for value, column in zip(row, table.columns, strict=True))


def _is_numbered(chain: ChainSpan | Row[Any], keys: KioskKeys) -> bool:
    """Whether a chain stands under the number of the key that signs it, where that key is here."""
    key = keys.find(chain.chain)
    return key is None or key.public.name.number == chain.number


def _is_genuine(row: Row[Any], keys: KioskKeys) -> bool:
    key = keys.find(keys.chain_of(row.number) or "")
    try:
        return key is None or bool(key.public.verify(row.sealed, Sealed.RECORD))
    except SealError:
        return False


def _readable(reader: Reader, table: Table) -> Iterator[Row[Any]]:
    """Rows from the front until the damage, then from the back until the damage; some come twice. Only whole ones."""
    for order in ("rowid", "rowid DESC"):
        found: list[Row[Any]] = []
        try:
            reader.look(partial(_collect, select(table).order_by(text(order)), found))
        except DatabaseError as error:
            LOG.warning("reading of %s stopped after %d rows: %s", table.name, len(found), error.trouble)
        yield from (row for row in found if _is_whole(row, table))


def _collect(rows: Select[Any], found: list[Row[Any]], connection: Connection) -> None:
    # One by one: of rows fetched together none would remain when the last of them cannot be read.
    for row in connection.execution_options(yield_per=1).execute(rows):
        found.append(row)  # noqa: PERF402 - what came before the damage must stay in the list

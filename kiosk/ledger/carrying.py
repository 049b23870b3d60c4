"""Records that the centre cannot take under their old identity, added again to a new chain."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select, update

from firmware.clock import Reading
from kiosk.ledger import queries
from kiosk.ledger.entry import ChainSpan, Entry, Receipted, Rejection
from kiosk.ledger.tables import RECORDS
from kiosk.ledger.writing import Pen
from wire.errors import WireError
from wire.records import AnyRecord, CheckIn, decode_record
from wire.seals import digest, payload_of

LOG = logging.getLogger(__name__)

FORK = "fork"
"""The centre's word for: another record is known under this identity."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: start a new chain or not, and the records (number of chain, seq, sealed) to carry over."""

    new_chain: bool
    carry: tuple[tuple[int, int, str], ...]


def plan(connection: Connection, receipts: Mapping[str, Receipted], rejected: Collection[Rejection]) -> Plan | None:
    """What the centre's word asks for; None when nothing is to be done."""
    spans = queries.chains(connection)
    if not spans:
        return None
    newest = spans[-1]
    receipted = receipts.get(newest.chain, Receipted(0))
    behind = max(receipted.upto, receipted.ahead) > newest.last
    forked = [row for span in spans for row in _forked(connection, span, rejected)]
    if not behind and not forked:
        return None
    # Behind: nobody can tell which of the records above `upto` the centre has under the same number, so all go again.
    doubtful = _uncarried(connection, newest, receipted.upto, newest.last) if behind else []
    rows = tuple(dict.fromkeys([*forked, *doubtful]))
    return Plan(behind or any(number == newest.number for number, _, _ in forked), rows)


def carry(connection: Connection, pen: Pen, what: Plan) -> tuple[Pen, list[Entry]]:
    """Add the check-ins of the plan to the chain of `pen`, with the moment and the clock they had."""
    entries: list[Entry] = []
    for number, seq, sealed in what.carry:
        where = (RECORDS.c.number == number) & (RECORDS.c.seq == seq)
        connection.execute(update(RECORDS).where(where).values(carried=1))
        try:
            record = decode_record(payload_of(sealed))
        except WireError as error:
            LOG.error("record %d of chain %d cannot be read and is not carried: %s", seq, number, error)  # noqa: TRY400
            continue
        if isinstance(record.body, CheckIn):
            old_identity = record.body.carried or f"{record.chain}/{seq}"
            pen, entry = pen.write(connection, replace(record.body, carried=old_identity), _reading(record))
            entries.append(entry)
    return pen, entries


def _forked(connection: Connection, span: ChainSpan, rejected: Iterable[Rejection]) -> list[tuple[int, int, str]]:
    digests = {one.seq: one.digest for one in rejected if one.chain == span.chain and one.reason == FORK}
    if not digests:
        return []
    rows = _uncarried(connection, span, min(digests) - 1, max(digests))
    return [row for row in rows if digests.get(row[1]) == digest(row[2])]


def _uncarried(connection: Connection, span: ChainSpan, after: int, last: int) -> list[tuple[int, int, str]]:
    r = RECORDS.c
    wanted = (r.number == span.number) & (r.seq > after) & (r.seq <= last) & (r.carried == 0)
    rows = connection.execute(select(r.number, r.seq, r.sealed).where(wanted).order_by(r.seq))
    return [(row.number, row.seq, row.sealed) for row in rows]


def _reading(record: AnyRecord) -> Reading:
    clock = record.clock
    return Reading(record.at, clock.source, clock.error_ms, clock.boot, clock.monotonic_ns)

"""What the ledger remembers of the time before this start: who was just recorded, for a kiosk that was restarted in the rush must
not book everybody twice; and whose PIN was guessed at, for pulling the plug must not open a lock-out."""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import datetime
from pathlib import Path

from firmware.clock import Reading
from kiosk.database import DatabaseError
from kiosk.ledger import LedgerReader
from kiosk.pin.lockout import SECOND_NS, Limits, Lockout, failed, passed
from wire.errors import WireError
from wire.records import AnyRecord, CheckIn, Clock, Event, decode_record
from wire.seals import payload_of

log = logging.getLogger(__name__)

MOST_RECORDS = 2000


def recently_recorded(folder: Path, now: Reading, within_s: float) -> dict[str, int]:
    """When people were last recorded, by the ledger in `folder`: ns of this boot's monotonic clock, only what is not
    older than `within_s`. Nobody when the ledger cannot be read: the centre takes repeats for repeats all the same."""
    since_ns = now.monotonic_ns - int(within_s * 1e9)
    return {
        record.body.person: record.clock.monotonic_ns
        for record in newest_records(folder)
        if isinstance(record.body, CheckIn)
        and record.clock.boot == now.boot
        and since_ns <= record.clock.monotonic_ns <= now.monotonic_ns
    }


def lockout_before(folder: Path, now: Reading, limits: Limits) -> Lockout:
    """What is held against whom by the failed PINs in the ledger. A failure of another boot is as old as both clocks say when they
    can be believed, else it was just now: a restart never makes a wait shorter."""
    state = Lockout()
    for record in newest_records(folder):
        body, at_ns = record.body, _moment_ns(record.clock, record.at, now)
        if isinstance(body, Event) and body.event == "pin-failed":
            state = failed(limits, state, str(body.detail.get("person", "")), at_ns)
        elif isinstance(body, CheckIn) and body.method == "pin":
            state = passed(state, body.person)
    return state


def newest_records(folder: Path) -> list[AnyRecord]:
    """The last records of the newest chain, in order; none when the ledger cannot be read, whose damage is its opening's business."""
    with closing(LedgerReader(folder)) as ledger:
        try:
            newest = ledger.chains()[-1:]
            stored = [
                one for span in newest for one in ledger.after(span, max(0, span.last - MOST_RECORDS), MOST_RECORDS)
            ]
            return [decode_record(payload_of(one.sealed)) for one in stored]
        except (DatabaseError, WireError) as error:
            log.info("what was recorded before this start is not known: %s", error)
            return []


def _moment_ns(clock: Clock, at: datetime, now: Reading) -> int:
    """A record's moment on this boot's monotonic clock, below zero for one before this boot; never later than now."""
    if clock.boot == now.boot:
        return min(clock.monotonic_ns, now.monotonic_ns)
    believed = clock.source != "none" and now.source != "none"
    age_ns = int((now.at - at).total_seconds() * SECOND_NS) if believed else 0
    return now.monotonic_ns - max(0, age_ns)

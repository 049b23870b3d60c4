"""Who was recorded just before this start: a kiosk that was restarted in the rush must not book everybody twice."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

from firmware.clock import Reading
from kiosk.database import DatabaseError
from kiosk.ledger import LedgerReader
from wire.errors import WireError
from wire.records import CheckIn, decode_record
from wire.seals import payload_of

log = logging.getLogger(__name__)

MOST_RECORDS = 500


def recently_recorded(folder: Path, now: Reading, within_s: float) -> dict[str, int]:
    """When people were last recorded, by the ledger in `folder`: ns of this boot's monotonic clock, only what is not
    older than `within_s`. Nobody when the ledger cannot be read, whose damage is its opening's business: the centre takes
    repeats for repeats all the same."""
    with closing(LedgerReader(folder)) as ledger:
        try:
            newest = ledger.chains()[-1:]
            stored = [
                one for span in newest for one in ledger.after(span, max(0, span.last - MOST_RECORDS), MOST_RECORDS)
            ]
            records = [decode_record(payload_of(one.sealed)) for one in stored]
        except (DatabaseError, WireError) as error:
            log.info("who was recorded before this start is not known: %s", error)
            return {}
    since_ns = now.monotonic_ns - int(within_s * 1e9)
    return {
        record.body.person: record.clock.monotonic_ns
        for record in records
        if isinstance(record.body, CheckIn)
        and record.clock.boot == now.boot
        and since_ns <= record.clock.monotonic_ns <= now.monotonic_ns
    }

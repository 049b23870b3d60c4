"""Whether the kiosk serves people, as its ledger tells it."""

from __future__ import annotations

from datetime import datetime

from kiosk.ledger.entry import ChainSpan, Stored
from kiosk.ledger.reader import LedgerReader
from wire.errors import WireError
from wire.records import AnyRecord, Event, Heartbeat, decode_record
from wire.seals import payload_of

LOOK_BACK = 500
"""So many of the newest records are looked through. A heartbeat stands among them: one is written every hour."""

_WORDS = {"in-service": True, "out-of-service": False}


class Condition:
    """What the newest record that speaks of it says; None while none does. `started_at`: the time in the newest record by which the
    kiosk's process said that it starts, and `start` that record's chain and number.

    A kiosk whose disk takes no records cannot say so here: then the status' free space tells.
    """

    def __init__(self) -> None:
        self.in_service: bool | None = None
        self.started_at: datetime | None = None
        self.start: str | None = None
        self._read: tuple[str, int] = ("", 0)

    def follow(self, ledger: LedgerReader, newest: ChainSpan) -> None:
        """Read on in the chain that is written now. Raises kiosk.database.DatabaseError."""
        chain, seq = self._read
        after = max(seq if chain == newest.chain else newest.kept, newest.last - LOOK_BACK)
        for stored in ledger.after(newest, after, LOOK_BACK):
            self._hear(stored)
        self._read = newest.chain, newest.last

    def _hear(self, stored: Stored) -> None:
        try:
            record: AnyRecord = decode_record(payload_of(stored.sealed))
        except WireError:
            return  # damaged on the disk: the centre will say so
        match record.body:
            case Heartbeat(in_service=in_service, cause=cause):
                self.in_service = in_service
                if cause == "start":
                    self.started_at, self.start = record.at, f"{stored.chain}/{stored.seq}"
            case Event(event=word):
                self.in_service = _WORDS.get(word, self.in_service)
            case _:
                pass

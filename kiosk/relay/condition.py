"""Whether the kiosk serves people, as its ledger tells it."""

from __future__ import annotations

from kiosk.ledger.entry import ChainSpan
from kiosk.ledger.reader import LedgerReader
from wire.errors import WireError
from wire.records import AnyRecord, Event, Heartbeat, decode_record
from wire.seals import payload_of

LOOK_BACK = 500
"""So many of the newest records are looked through. A heartbeat stands among them: one is written every hour."""

_WORDS = {"in-service": True, "out-of-service": False}


class Condition:
    """What the newest record that speaks of it says; None while none does.

    A kiosk whose disk takes no records cannot say so here: then the status' free space tells.
    """

    def __init__(self) -> None:
        self.in_service: bool | None = None
        self._read: tuple[str, int] = ("", 0)

    def follow(self, ledger: LedgerReader, newest: ChainSpan) -> None:
        """Read on in the chain that is written now. Raises kiosk.database.DatabaseError."""
        chain, seq = self._read
        after = max(seq if chain == newest.chain else newest.kept, newest.last - LOOK_BACK)
        for stored in ledger.after(newest, after, LOOK_BACK):
            said = _said(stored.sealed)
            self.in_service = self.in_service if said is None else said
        self._read = newest.chain, newest.last


def _said(sealed: str) -> bool | None:
    try:
        record: AnyRecord = decode_record(payload_of(sealed))
    except WireError:
        return None  # damaged on the disk: the centre will say so
    match record.body:
        case Heartbeat(in_service=in_service):
            return in_service
        case Event(event=word):
            return _WORDS.get(word)
        case _:
            return None

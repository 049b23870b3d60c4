"""From the ledger to the connection, as the window allows."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Mapping
from pathlib import Path

from kiosk.database import DatabaseError
from kiosk.ledger.entry import ChainSpan, Receipted
from kiosk.ledger.reader import LedgerReader
from kiosk.relay.condition import Condition
from kiosk.relay.link import Link
from kiosk.relay.pictures import Courier
from kiosk.relay.window import Ask, Window
from kiosk.settings import RelaySettings
from wire.seals import digest
from wire.topics import Address

LOG = logging.getLogger(__name__)


class Outbound:
    """Sends the ledger's records until receipts cover them."""

    def __init__(self, ledger: Path, kiosk: str, settings: RelaySettings, luck: random.Random) -> None:
        self.window = Window(settings.window, settings.resend_s, luck)
        self.pictures = Courier(ledger, kiosk, settings.resend_s)
        self.chains: tuple[ChainSpan, ...] = ()
        self.readable = True
        self._topic = Address(kiosk, "records").topic
        self._reader = LedgerReader(ledger)
        self._condition = Condition()
        self._stale = True  # until a look went well: what changed is told once only

    @property
    def newest(self) -> ChainSpan | None:
        """The chain that the kiosk writes now; None before its first record."""
        return self.chains[-1] if self.chains else None

    @property
    def in_service(self) -> bool:
        """Whether somebody who stands before the kiosk now can check in, as far as the ledger tells."""
        return self.readable and self._condition.in_service is True and self._reader.lives()

    def look(self, *, again: bool = False) -> bool:
        """See what the ledger holds, if it changed; gives whether the newest chain is another one than at the last look."""
        before = self.newest
        try:
            self._stale |= self._reader.changed() or again
            if self._stale:
                self.chains = self._reader.chains()
                if self.newest:
                    self._condition.follow(self._reader, self.newest)
                self._stale = False
        except DatabaseError as error:
            self._note(error)
            return False
        self._note(None)
        return self.newest is not None and (before is None or before.chain != self.newest.chain)

    def send(self, link: Link) -> None:
        """Publish what is due: records, then, when few of them are on the way, a picture."""
        if not link.is_up:
            return
        for ask in self.window.due(self.chains, time.monotonic()):
            if not self._send(ask, link):
                return
        if self.window.idle:
            self.pictures.send(link, time.monotonic())

    def waiting(self, receipts: Mapping[str, Receipted]) -> int:
        """Records without a receipt; trimmed ones have one."""
        none = Receipted(0)
        return sum(max(0, c.last - max(c.kept, receipts.get(c.chain, none).upto)) for c in self.chains)

    def close(self) -> None:
        """Let go of the ledger."""
        self._reader.close()

    def _send(self, ask: Ask, link: Link) -> bool:
        span = next(span for span in self.chains if span.chain == ask.chain)
        try:
            rows = self._reader.after(span, ask.after, ask.limit)
        except DatabaseError as error:
            self._note(error)
            return False
        if not rows:
            self.window.nothing_left(ask)
        for row in rows:
            if not self.window.wants(ask, row.seq):
                continue
            if link.publish(self._topic, row.sealed) is None:
                return False
            self.window.sent(ask, row.seq, digest(row.sealed), time.monotonic())
        return True

    def _note(self, error: DatabaseError | None) -> None:
        if error and self.readable:
            LOG.warning("no view of the ledger: %s", error)
        elif not error and not self.readable:
            LOG.info("the ledger can be read again")
        self.readable = error is None

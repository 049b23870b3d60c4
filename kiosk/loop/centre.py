"""What the centre sent, read from the relay's database beside the loop, and what follows from it for the ledger."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping

from firmware.clock import Reading
from kiosk.database import DatabaseError
from kiosk.gallery import Gallery, OtherModelError, Roster
from kiosk.ledger import Entry, LedgerError, Receipted
from kiosk.loop.journal import Journal
from kiosk.relay.reader import RelayReader
from kiosk.service import Reason
from wire.messages import Rules

log = logging.getLogger(__name__)

LOOK_S = 0.3
EAGER_S = 0.1
REREAD_NS = 2_000_000_000
"""While there is no roster that can be used, it is read again so often: the centre's keys may have come meanwhile."""
TRIM_NS = 3600 * 1_000_000_000
AWAITED = 64
"""Newest check-ins whose receipt the screen is told of: older ones are on no screen any more."""
CLOSE_LIMIT_S = 3.0
PAUSE_S = 2.0


class Centre:
    """A thread that looks about three times a second. `roster`: the newest that can be believed; `gallery`: who may be recognised
    by it, None with `trouble` set; `rules`: what the centre says of hours and wishes;
    `online`: the relay reaches the broker; `backlog`: records without a receipt."""

    def __init__(  # noqa: PLR0913, PLR0917 - each is one of its neighbours
        self,
        relay: RelayReader,
        read_roster: Callable[[], Roster | None],
        journal: Journal,
        now: Callable[[], Reading],
        keep_days: int,
        read_rules: Callable[[], Rules | None] = lambda: None,
    ) -> None:
        self.roster: Roster | None = None
        self.rules: Rules | None = None
        self._read_rules = read_rules
        self.gallery: Gallery | None = None
        self.trouble: Reason | None = Reason.STARTING
        self.online = False
        self.backlog = 0
        self._relay, self._read_roster = relay, read_roster
        self._journal, self._now, self._keep_days = journal, now, keep_days
        self._awaited: deque[Entry] = deque(maxlen=AWAITED)
        self._receipts: Mapping[str, Receipted] = {}
        self._versions: Mapping[str, int] | None = None
        self._read_ns = 0
        self._trimmed_ns: int | None = None
        self._heeded = False
        self._readable = True
        self._stale = True  # until a look went well: what changed is told once only
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, model: Callable[[], str | None], received: Callable[[str], None]) -> None:
        """Begin to look. `model`: tag of the embedder that runs here, None while it is being opened; `received`: hears
        `chain/seq` of each awaited record that the centre has."""
        self._thread = threading.Thread(target=self._work, args=(model, received), name="centre", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it still looks."""
        return self._thread is not None and self._thread.is_alive()

    def expect(self, entry: Entry) -> None:
        """Tell when the receipt for this record comes."""
        self._awaited.append(entry)

    def close(self) -> None:
        """Stop looking; twice is fine."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(CLOSE_LIMIT_S)
        self._relay.close()

    def _work(self, model: Callable[[], str | None], received: Callable[[str], None]) -> None:
        while not self._closed.wait(EAGER_S if self.trouble is Reason.STARTING else LOOK_S):
            self.look(model(), received)

    def look(self, model: str | None, received: Callable[[str], None]) -> None:
        """Look once. A database that cannot be read now changes nothing; it is logged once."""
        self.online = self.online and self._relay.lives()
        try:
            self._stale |= self._relay.changed()
            if self._stale:
                self._take(received)
                self.rules = self._read_rules()
            keys = self._journal.ledger is not None  # they are opened with it
            if keys and (self._stale or self.gallery is None):
                self._take_roster(model)
            self._stale, self._readable = not keys, True
        except DatabaseError as error:
            if self._readable:
                log.warning("relay's database cannot be read: %s", error)
            self._readable = False
        if self._journal.trouble is None:
            self._keep_ledger()

    def _take(self, received: Callable[[str], None]) -> None:
        self.online = self._relay.link().online
        self._receipts = self._relay.receipts()
        self._heeded = False
        for entry in list(self._awaited):
            if entry.seq <= self._receipts.get(entry.chain, Receipted(0)).upto:
                self._awaited.remove(entry)
                received(str(entry))

    def _take_roster(self, model: str | None) -> None:
        versions, now_ns = self._relay.roster_versions(), self._now().monotonic_ns
        again = self.gallery is None and now_ns - self._read_ns > REREAD_NS
        if versions != self._versions or again:
            self.roster, self._versions, self._read_ns = self._read_roster(), versions, now_ns
        if model is not None:
            self._use(self.roster, model)

    def _use(self, roster: Roster | None, model: str) -> None:
        if roster is None or not roster.people:
            self.gallery, self.trouble = None, Reason.NO_ROSTER
        elif self.gallery is None or self.gallery.roster is not roster:
            try:
                self.gallery, self.trouble = Gallery(roster, model), None
                log.info("roster %d: %d people", roster.version, len(roster.people))
            except OtherModelError as error:
                if self.trouble is not Reason.ROSTER_MODEL:
                    log.error("%s", error)  # noqa: TRY400 - a state to be mended at the centre, not a fault of the code
                self.gallery, self.trouble = None, Reason.ROSTER_MODEL

    def _keep_ledger(self) -> None:
        """Act on what the centre has: start another chain when this one went back in time, let old records go."""
        ledger = self._journal.ledger
        if ledger is None:
            return
        try:
            if not self._heeded:
                ledger.heed(self._receipts, self._relay.rejected(), self._now())
                self._heeded = True
            self.backlog = ledger.waiting(self._receipts)
            now_ns = self._now().monotonic_ns
            if self._trimmed_ns is None or now_ns - self._trimmed_ns > TRIM_NS:
                self._trimmed_ns = now_ns
                ledger.trim(self._relay.deletable(self._keep_days))
        except (LedgerError, DatabaseError) as error:
            log.warning("the ledger could not be kept: %s", error)
            self._closed.wait(PAUSE_S)

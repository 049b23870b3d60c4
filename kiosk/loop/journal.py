"""The ledger as the loop sees it: a check-in is written or it is not; what else happens is written when it can be."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from firmware.clock import Reading
from kiosk.keys import KeyFileError
from kiosk.ledger import Entry, Ledger, LedgerDamaged, LedgerError, LedgerFull, LedgerReadOnly
from kiosk.ledger.errors import ledger_error
from kiosk.service import Reason
from wire.records import Body, CheckIn

log = logging.getLogger(__name__)

RETRY_NS = 2_000_000_000
MOST_WAITING = 100

_REASONS: tuple[tuple[type[LedgerError], Reason], ...] = (
    (LedgerFull, Reason.DISK_FULL),
    (LedgerReadOnly, Reason.READ_ONLY),
    (LedgerDamaged, Reason.LEDGER_DAMAGED),
)


class Journal:
    """Opens the ledger when it can be opened, and says in `trouble` why it cannot be written.

    Events and heartbeats that could not be written wait, the last hundred of them, with the moment they happened at.
    Trouble ends when they have been written: nothing else proves that the disk takes records again.
    """

    def __init__(self, open_ledger: Callable[[], Ledger], now: Callable[[], Reading]) -> None:
        self._open_ledger = open_ledger
        self._now = now
        self._mutex = threading.RLock()
        self._ledger: Ledger | None = None
        self._waiting: deque[tuple[Body, Reading]] = deque(maxlen=MOST_WAITING)
        self._tried_ns = -RETRY_NS
        self.trouble: Reason | None = Reason.STARTING

    @property
    def ledger(self) -> Ledger | None:
        """The open ledger, None while there is none."""
        return self._ledger

    def check_in(self, body: CheckIn) -> Entry | None:
        """Write a check-in now; None when it is not recorded, and then it never will be."""
        with self._mutex:
            if self.trouble is not None:
                return None
            return self._append(body, self._now())

    def note(self, body: Body) -> None:
        """Write an event or a heartbeat, now or as soon as it can be written."""
        with self._mutex:
            reading = self._now()
            if self.trouble is not None or self._append(body, reading) is None:
                self._waiting.append((body, reading))

    def mend(self) -> None:
        """While there is trouble: try again, every two seconds."""
        with self._mutex:
            now_ns = self._now().monotonic_ns
            if self.trouble is None or now_ns - self._tried_ns < RETRY_NS:
                return
            self._tried_ns = now_ns
            if self._reopened() and self._drained():
                log.info("ledger writes")
                self.trouble = None

    def close(self) -> None:
        """Close the ledger; twice is fine."""
        with self._mutex:
            if self._ledger is not None:
                self._ledger.close()
            self._ledger, self.trouble = None, Reason.STOPPED

    def _append(self, body: Body, reading: Reading) -> Entry | None:
        assert self._ledger is not None
        try:
            return self._ledger.append(body, reading)
        except LedgerError as error:
            self._fail(error)
            return None

    def _reopened(self) -> bool:
        if self.trouble is Reason.LEDGER_DAMAGED and self._ledger is not None:
            self._ledger.close()
            self._ledger = None
        if self._ledger is None:
            try:
                self._ledger = self._open_ledger()
            except LedgerError as error:
                self._fail(error)
            except KeyFileError as error:
                self._fail(ledger_error(error))
        return self._ledger is not None

    def _drained(self) -> bool:
        while self._waiting:
            if self._append(*self._waiting[0]) is None:
                return False
            self._waiting.popleft()
        return True

    def _fail(self, error: LedgerError) -> None:
        reason = next((reason for kind, reason in _REASONS if isinstance(error, kind)), Reason.LEDGER)
        if self.trouble is not reason:
            log.error("ledger cannot be written: %s", error)
        self.trouble = reason

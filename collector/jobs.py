"""What the centre does by the clock: keeps every kiosk's roster at the broker as it should be."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from threading import Event
from typing import TypeAlias

from sqlalchemy.orm import Session

from collector.errors import StoreDownError
from collector.ingest.link import Link
from collector.outgoing import Outgoing
from collector.store.writer import Writer

log = logging.getLogger(__name__)

TICK_S = 0.2

Changes: TypeAlias = Callable[[Session], Iterable[Outgoing]]
Everything: TypeAlias = Callable[[Session, str], tuple[str, Iterable[Outgoing]]]


class RosterJob:
    """Publishes what changed every few seconds, and everything after every connection: a broker may have forgotten.

    `changes` brings the database's published rosters up to date and gives what is new; `everything` gives all that is
    retained of the kiosk after the one named. Only as much is handed to the link as it has room for, so that neither
    memory nor the receipts' way is filled. What the link did not take is not lost: the next connection brings everything.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - each is one of its neighbours
        self, writer: Writer, link: Link, connected: Event, changes: Changes, everything: Everything, every_s: float
    ) -> None:
        """`connected` is set by the link whenever a connection stands. `every_s`: changes are looked for so often."""
        self._writer = writer
        self._link = link
        self._connected = connected
        self._changes = changes
        self._everything = everything
        self._every_s = every_s
        self._waiting: deque[Outgoing] = deque()
        self._again: str | None = None  # told everything up to this kiosk; None when all have been
        self._due = 0.0
        self._down = False

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        while not stop.wait(TICK_S):
            try:
                self._work(stop)
            except StoreDownError as error:
                if not self._down:
                    log.error("rosters wait: %s", error)  # noqa: TRY400 - known, once
                self._down = True
            else:
                self._down = False

    def _work(self, stop: Event) -> None:
        if self._connected.is_set():
            self._connected.clear()
            self._waiting.clear()
            self._again = ""
        while self._hand_over() and not stop.is_set() and self._fetch():
            pass

    def _hand_over(self) -> bool:
        """Whether the link took all that waited."""
        taken = self._link.publish(islice(self._waiting, self._link.room))
        for _ in range(taken):
            self._waiting.popleft()
        return not self._waiting

    def _fetch(self) -> bool:
        """The next messages, committed before any is published; whether there were any."""
        if self._again is None and time.monotonic() < self._due:
            return False
        again = self._again
        with self._writer.session() as session:
            told, messages = (None, self._changes(session)) if again is None else self._everything(session, again)
            fetched = list(messages)
        self._again = told or None
        self._waiting.extend(fetched)
        if again is None and not fetched:
            self._due = time.monotonic() + self._every_s
        return again is not None or bool(fetched)

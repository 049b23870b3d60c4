"""What the centre does by the clock: keeps every kiosk's roster at the broker as it should be."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from threading import Event
from typing import TypeAlias

from sqlalchemy.orm import Session

from collector.errors import StoreDownError
from collector.ingest.link import Link
from collector.outgoing import Outgoing
from collector.store.writer import Writer

log = logging.getLogger(__name__)

EVERY_S = 3.0
TICK_S = 0.2

Source: TypeAlias = Callable[[Session], Iterable[Outgoing]]


class RosterJob:
    """Publishes what changed every few seconds, and everything after every connection: a broker may have forgotten.

    `changes` brings the database's published rosters up to date and gives what is new; `everything` gives all that is
    retained. What is published while the broker is away is not lost: the next connection brings everything.
    """

    def __init__(self, writer: Writer, link: Link, connected: Event, changes: Source, everything: Source) -> None:
        """`connected` is set by the link whenever a connection stands."""
        self._writer = writer
        self._link = link
        self._connected = connected
        self._changes = changes
        self._everything = everything
        self._down = False

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        due = 0.0
        while not stop.wait(TICK_S):
            if self._connected.is_set():
                self._connected.clear()
                if not self._publish(self._everything):
                    self._connected.set()
            elif time.monotonic() >= due:
                self._publish(self._changes)
                due = time.monotonic() + EVERY_S

    def _publish(self, source: Source) -> bool:
        """Commit first, then publish; whether the database was there."""
        try:
            with self._writer.session() as session:
                messages = list(source(session))
        except StoreDownError as error:
            if not self._down:
                log.error("rosters wait: %s", error)  # noqa: TRY400 - known, once
            self._down = True
            return False
        self._down = False
        self._link.publish(messages)
        return True

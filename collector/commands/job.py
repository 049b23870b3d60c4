"""Orders by the clock: every few seconds those that are due go to the broker."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from threading import Event

from collector.commands.sending import due
from collector.errors import StoreDownError
from collector.ingest.link import Link
from collector.keys import CentreKeys
from collector.store.writer import Writer

log = logging.getLogger(__name__)

EVERY_S = 2.0
TICK_S = 0.2


class CommandJob:
    """Publishes orders. One that the broker did not take goes out again by itself: nothing but an answer ends it."""

    def __init__(self, writer: Writer, keys: CentreKeys, link: Link, clock: Callable[[], datetime]) -> None:
        self._writer = writer
        self._keys = keys
        self._link = link
        self._clock = clock
        self._down = False

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        due_at = 0.0
        while not stop.wait(TICK_S):
            if self._link.room and time.monotonic() >= due_at:
                self._turn()
                due_at = time.monotonic() + EVERY_S

    def _turn(self) -> None:
        try:
            with self._writer.transaction() as connection:
                waiting = due(connection, self._keys, self._clock())
        except StoreDownError as error:
            if not self._down:
                log.error("orders wait: %s", error)  # noqa: TRY400 - known, once
            self._down = True
            return
        self._down = False
        self._link.publish(waiting)

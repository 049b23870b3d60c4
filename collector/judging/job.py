"""The judge by the clock."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from threading import Event

from collector.errors import StoreDownError
from collector.judging.run import run
from collector.rules.errors import RulesError
from collector.store.writer import Writer

log = logging.getLogger(__name__)

EVERY_S = 60.0
TICK_S = 0.2


class JudgingJob:
    """Opens each new day, dates what arrived and judges what that touched, every minute."""

    def __init__(self, writer: Writer, clock: Callable[[], datetime]) -> None:
        self._writer = writer
        self._clock = clock
        self._waits = ""

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        due = 0.0
        while not stop.wait(TICK_S):
            if time.monotonic() >= due:
                self._turn(stop)
                due = time.monotonic() + EVERY_S

    def _turn(self, stop: Event) -> None:
        try:
            run(self._writer, self._clock(), stop)
        except (StoreDownError, RulesError) as error:
            # Contradictory rules are mended by BKD, not by starting again.
            if str(error) != self._waits:
                log.error("judging waits: %s", error)  # noqa: TRY400 - known, once
            self._waits = str(error)
            return
        if self._waits and not stop.is_set():
            log.warning("judging goes on")
        self._waits = ""

"""The sweep by the clock: soon after the start, and every hour."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from threading import Event
from zoneinfo import ZoneInfo

from collector.errors import StoreDownError
from collector.retention.limits import due
from collector.retention.sweep import sweep
from collector.settings import CollectorSettings
from collector.store.writer import Writer

log = logging.getLogger(__name__)

EVERY_S = 3600.0
TICK_S = 0.2


class RetentionJob:
    """Takes away what is due."""

    def __init__(self, writer: Writer, settings: CollectorSettings, clock: Callable[[], datetime]) -> None:
        self._writer = writer
        self._kept = settings.retention
        self._zone = ZoneInfo(settings.web.timezone)
        self._clock = clock
        self._down = False

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        at = 0.0
        while not stop.wait(TICK_S):
            if time.monotonic() >= at:
                self._turn(stop)
                at = time.monotonic() + EVERY_S

    def _turn(self, stop: Event) -> None:
        line = due(self._clock(), self._zone, self._kept.evidence_days, self._kept.leaver_days)
        try:
            done = sweep(self._writer, line, stop.is_set)
        except StoreDownError as error:
            if not self._down:
                log.error("retention waits: %s", error)  # noqa: TRY400 - known, once
            self._down = True
            return
        self._down = False
        if done.total():
            log.info("taken away: %s", ", ".join(f"{count} {kind.value}" for kind, count in done.items() if count))

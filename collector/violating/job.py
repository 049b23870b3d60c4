"""The detectors by the clock."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import date, datetime
from threading import Event

from collector.errors import StoreDownError
from collector.violating.dates import ONE, local_date
from collector.violating.detection import Detection

log = logging.getLogger(__name__)

EVERY_S = 20.0
TICK_S = 0.2
LOOK_BACK = 7
"""Dates before today that are looked at again once a day: letters and judged days come late."""


class ViolationJob:
    """Looks at what arrived every few seconds, and once a day again at the week before."""

    def __init__(self, detection: Detection, clock: Callable[[], datetime]) -> None:
        self._detection = detection
        self._clock = clock
        self._looked: date | None = None
        self._down = False

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        due = 0.0
        while not stop.wait(TICK_S):
            if time.monotonic() >= due:
                self._turn()
                due = time.monotonic() + EVERY_S

    def _turn(self) -> None:
        try:
            self._detection.run()
            self._look_back()
        except StoreDownError as error:
            if not self._down:
                log.error("violations wait: %s", error)  # noqa: TRY400 - known, once
            self._down = True
            return
        self._down = False

    def _look_back(self) -> None:
        today = local_date(self._clock())
        if self._looked != today:
            self._detection.again(today - LOOK_BACK * ONE, today - ONE)
            self._looked = today

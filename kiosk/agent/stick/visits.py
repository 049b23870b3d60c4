"""Each stick that is plugged in is dealt with once, and the wall says when to wait and when to pull it out."""

from __future__ import annotations

import logging
import time

from firmware.signals import Signal
from kiosk.agent import notice
from kiosk.agent.stick.devices import Sticks
from kiosk.agent.stick.exchange import exchange
from kiosk.settings import KioskSettings
from stick import StickError

log = logging.getLogger(__name__)

EVERY_S = 2.0
REFUSED_S = 60.0


class Visits:
    """The sticks of one kiosk; one visit at a time."""

    def __init__(self, settings: KioskSettings, sticks: Sticks) -> None:
        self._settings = settings
        self._sticks = sticks
        self._dealt_with: frozenset[str] = frozenset()
        self._next = 0.0

    def turn(self) -> None:
        """Look every two seconds for sticks that came or went."""
        if time.monotonic() >= self._next:
            self.look()
            self._next = time.monotonic() + EVERY_S

    def look(self) -> None:
        """Look now. Never raises for what a stick can be."""
        present = self._sticks.present()
        if self._dealt_with - present:
            notice.hide(self._settings.folders.notice)
        self._dealt_with &= present
        for stick in sorted(present - self._dealt_with):
            self._dealt_with |= {stick}
            self._visit(stick)

    def _visit(self, stick: str) -> None:
        folder = self._settings.folders.notice
        notice.show(folder, Signal.STICK_WAIT, notice.LONGEST_S)
        try:
            with self._sticks.mounted(stick) as path:
                signal = exchange(path, self._settings).signal
        except (StickError, OSError, ValueError) as error:
            log.warning("the stick is refused: %s", error)
            signal = Signal.STICK_REFUSED
        # Only now: before it is unmounted, what was written may be in memory alone.
        notice.show(folder, signal, REFUSED_S if signal is Signal.STICK_REFUSED else notice.LONGEST_S)

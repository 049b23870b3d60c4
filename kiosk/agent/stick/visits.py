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
STICK = frozenset({Signal.STICK_WAIT, Signal.STICK_SAFE, Signal.STICK_REFUSED})


class Visits:
    """The sticks of one kiosk; one visit at a time."""

    def __init__(self, settings: KioskSettings, sticks: Sticks) -> None:
        self._settings = settings
        self._sticks = sticks
        self._dealt_with: frozenset[str] = frozenset()
        self._next = 0.0
        self._begun = False

    def turn(self) -> None:
        """Look every two seconds for sticks that came or went."""
        if time.monotonic() >= self._next:
            self.look()
            self._next = time.monotonic() + EVERY_S

    def look(self) -> None:
        """Look now. Never raises for what a stick can be."""
        present = self._sticks.present()
        if self._dealt_with - present or (not self._begun and not present):
            self._forget()
        self._begun = True
        self._dealt_with &= present
        new = sorted(present - self._dealt_with)
        self._dealt_with |= present
        if new:
            became = [self._visit(stick) for stick in new]
            # Only now: before it is unmounted, what was written may be in memory alone.
            _tell(self._settings, became)

    def _forget(self) -> None:
        """A stick is gone, perhaps while no agent was there to see it: what the wall says of one is over."""
        folder = self._settings.folders.notice
        if notice.shown(folder) in STICK:
            notice.hide(folder)

    def _visit(self, stick: str) -> Signal | None:
        """What became of it; None for a file system that is not ours, as a second one beside it on the same stick."""
        notice.show(self._settings.folders.notice, Signal.STICK_WAIT, notice.WAIT_S)
        signal: Signal | None = None
        try:
            with self._sticks.mounted(stick) as path:
                signal = Signal.STICK_REFUSED  # unless all of it, and the unmounting, succeeds
                became = exchange(path, self._settings).signal
        except (StickError, OSError, ValueError) as error:
            log.warning("the stick is refused: %s", error)
            return signal
        return became


def _tell(settings: KioskSettings, became: list[Signal | None]) -> None:
    """Safe, unless one of ours was refused, or none is ours."""
    safe = Signal.STICK_SAFE in became and Signal.STICK_REFUSED not in became
    if safe:
        notice.show(settings.folders.notice, Signal.STICK_SAFE, notice.LONGEST_S)
    else:
        notice.show(settings.folders.notice, Signal.STICK_REFUSED, REFUSED_S)

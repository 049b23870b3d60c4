"""No lights: a kiosk without LEDs, the demo, and tests."""

from __future__ import annotations

from collections import deque

from firmware.signals import Signal

REMEMBERED = 100


class SilentLights:
    """Remembers the last hundred signals, newest last."""

    def __init__(self) -> None:
        self.shown: deque[Signal] = deque(maxlen=REMEMBERED)

    def show(self, signal: Signal) -> None:
        """Remember the signal."""
        self.shown.append(signal)

    def close(self) -> None:
        """Nothing is held."""

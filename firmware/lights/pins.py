"""LEDs and a buzzer on GPIO pins, by gpiozero."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firmware.clock import monotonic_ns
from firmware.errors import LightsBusy, LightsError
from firmware.lights.patterns import PATTERNS, Colour, Pattern, light_at, sound_at
from firmware.signals import Signal

log = logging.getLogger(__name__)

CLOSE_LIMIT_S = 1.0
BUSY = "GPIO busy"
"""What lgpio says of EBUSY (lgpio's LG_GPIO_BUSY); its errors are of one class."""


@dataclass(frozen=True, slots=True)
class Pins:
    """BCM numbers. `third`: blue of an RGB LED, or the yellow LED of three; `buzzer`: None where there is none."""

    red: int
    green: int
    third: int
    buzzer: int | None


Lit = tuple[bool, bool, bool]
"""Red, green and third pin."""

RGB: Mapping[Colour, Lit] = {
    Colour.OFF: (False, False, False),
    Colour.RED: (True, False, False),
    Colour.YELLOW: (True, True, False),
    Colour.GREEN: (False, True, False),
}
THREE_LEDS: Mapping[Colour, Lit] = {**RGB, Colour.YELLOW: (False, False, True)}


class Board:
    """The pins themselves: writes what changes. Raises LightsError, LightsBusy when they cannot be had."""

    def __init__(self, pins: Pins, wiring: Mapping[Colour, Lit], pin_factory: Any = None) -> None:
        self._wiring = wiring
        self._devices: list[Any] = []
        numbers = [pins.red, pins.green, pins.third, *([] if pins.buzzer is None else [pins.buzzer])]
        try:
            from gpiozero import DigitalOutputDevice  # noqa: PLC0415 - looks for a pin library when imported

            for number in numbers:
                self._devices.append(DigitalOutputDevice(number, pin_factory=pin_factory))
        except Exception as error:  # gpiozero's own errors, and whatever the pin library below it raises
            self.close()
            if BUSY in str(error):
                raise LightsBusy(f"pins {numbers} are driven by another process; stop it first") from error
            raise LightsError(f'pins {numbers} cannot be driven ({error}); set lights.driver = "silent"') from error

    def write(self, colour: Colour, sounding: bool) -> None:
        """Set every pin that is not as it should be."""
        for device, wanted in zip(self._devices, (*self._wiring[colour], sounding), strict=False):
            if bool(device.value) != wanted:
                device.value = wanted

    def close(self) -> None:
        """Everything off and the pins given back."""
        for device in self._devices:
            if not device.closed:
                device.off()
                device.close()


class Player:
    """Plays the pattern of a signal on a board. No thread, no clock of its own: `play` is told the time."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._pattern: Pattern = PATTERNS[Signal.IDLE]
        self._begun_ns = 0

    def begin(self, signal: Signal, now_ns: int) -> None:
        """From now on this signal."""
        self._pattern = PATTERNS[signal]
        self._begun_ns = now_ns

    def play(self, now_ns: int) -> int:
        """Set the pins for this moment; returns the ms until they may change again."""
        elapsed_ms = max(0, now_ns - self._begun_ns) // 1_000_000
        colour, light_ms = light_at(self._pattern, elapsed_ms)
        sounding, sound_ms = sound_at(self._pattern, elapsed_ms)
        self._board.write(colour, sounding)
        return light_ms if sound_ms is None else min(light_ms, sound_ms)


class PinLights:
    """Lights on pins: a thread plays the pattern of the last signal shown. A pin that fails later is logged once and
    the lights stay dark: check-ins go on."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._player = Player(board)
        self._changed = threading.Condition()
        self._next: Signal | None = Signal.IDLE
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="lights", daemon=True)
        self._thread.start()

    def show(self, signal: Signal) -> None:
        """Play this signal's pattern from its beginning; returns at once."""
        with self._changed:
            self._next = signal
            self._changed.notify()

    def close(self) -> None:
        """Stop, everything off. Twice is fine."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(CLOSE_LIMIT_S)
        try:
            self._board.close()
        except Exception as error:  # noqa: BLE001 - as above
            log.warning("lights could not be put out: %s", error)

    def _work(self) -> None:
        try:
            while self._step():
                pass
        except Exception as error:  # noqa: BLE001 - a pin library may raise anything; lights never stop check-ins
            log.warning("lights lost: %s", error)

    def _step(self) -> bool:
        with self._changed:
            now_ns = monotonic_ns()
            if self._next is not None:
                self._player.begin(self._next, now_ns)
                self._next = None
            if self._closed:
                return False
            self._changed.wait(self._player.play(now_ns) / 1000)
            return not self._closed

"""LEDs and buzzer, real and silent, behind one seam."""

from __future__ import annotations

from typing import Any, Protocol

from firmware.errors import AddressError
from firmware.lights.pins import RGB, THREE_LEDS, Board, PinLights, Pins
from firmware.lights.silent import SilentLights
from firmware.signals import Signal

__all__ = ["Lights", "Pins", "SilentLights", "open_lights"]

DRIVERS = ("silent", "rgb", "leds")


class Lights(Protocol):
    """Shows one signal at a time, by light and sound."""

    def show(self, signal: Signal) -> None:
        """Show this signal from now on; returns at once and never raises."""
        ...

    def close(self) -> None:
        """Everything off. Twice is fine."""
        ...


def open_lights(driver: str, pins: Pins, pin_factory: Any = None) -> Lights:
    """Lights by the name of their driver: silent, rgb (one RGB LED), leds (red, green, yellow).

    `pin_factory`: gpiozero's; None takes what the board has. Raises AddressError, LightsError, LightsBusy.
    """
    if driver == "silent":
        return SilentLights()
    if driver not in DRIVERS:
        raise AddressError(f"lights driver {driver!r} does not exist; there are {', '.join(DRIVERS)}")
    return PinLights(Board(pins, RGB if driver == "rgb" else THREE_LEDS, pin_factory))

"""A camera's address: `driver:place?option=value`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from firmware.errors import AddressError

DRIVERS: Mapping[str, Mapping[str, float]] = {
    "picamera2": {},
    "v4l2": {},
    "file": {"loop": 1},
    "frames": {"fps": 15, "loop": 1, "hold": 1, "gap": 0},
}
"""Every driver with its options and their defaults. `fps`: frames a second; `loop`: 1 begins again at the end, 0 shows
an empty picture from then on; `hold`: frames each picture stays; `gap`: empty frames after each picture."""

RANGES = {"fps": (1, 120), "loop": (0, 1), "hold": (1, 10_000), "gap": (0, 10_000)}


@dataclass(frozen=True, slots=True)
class Address:
    """Driver, the place it reads from, and its options, complete with defaults."""

    driver: str
    place: str
    options: Mapping[str, float]


def parse_address(text: str) -> Address:
    """Read an address. Raises AddressError, which names what is wrong and lists what there is."""
    driver, colon, rest = text.partition(":")
    place, _, query = rest.partition("?")
    if driver not in DRIVERS or not colon or not place:
        known = "picamera2:N, v4l2:/dev/videoN, file:CLIP?loop=0|1, frames:FOLDER?fps=N&loop=0|1&hold=N&gap=N"
        raise AddressError(f"camera address {text!r} names no driver; there are {known}")
    options = dict(DRIVERS[driver])
    for name, value in parse_qsl(query, keep_blank_values=True):
        options[name] = _option(text, driver, name, value)
    return Address(driver, place, options)


def _option(text: str, driver: str, name: str, value: str) -> float:
    if name not in DRIVERS[driver]:
        known = ", ".join(DRIVERS[driver]) or "none"
        raise AddressError(f"camera address {text!r}: {driver} has no option {name!r}; its options: {known}")
    low, high = RANGES[name]
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not low <= number <= high or (name != "fps" and number != int(number)):
        raise AddressError(f"camera address {text!r}: {name}={value!r} is not a number from {low} to {high}")
    return number

"""What the board says of itself: temperature, what holds it back, and which board and system it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

THERMOMETER = Path("/sys/class/thermal/thermal_zone0/temp")
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
MODEL = Path("/sys/firmware/devicetree/base/model")
OS_RELEASE = Path("/etc/os-release")

_BITS: Final = ("under-voltage", "frequency-capped", "throttled", "hot")
"""Bits 0 to 3 of the firmware's word, now; 16 to 19 say the same of any time since the board was switched on.
Source: Raspberry Pi documentation, `vcgencmd get_throttled`."""
_SINCE_START = 16


def temperature_c(source: Path = THERMOMETER) -> float | None:
    """Of the processor, in °C; None where the board has no thermometer."""
    try:
        celsius = int(source.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None
    return celsius if -50 <= celsius <= 150 else None


def throttled(source: Path = THROTTLED) -> tuple[str, ...] | None:
    """What holds the board back now, and `…-before` for what did since it was switched on; None on another board."""
    try:
        word = int(source.read_text(encoding="ascii"), 16)
    except (OSError, ValueError):
        return None
    now = tuple(name for bit, name in enumerate(_BITS) if word >> bit & 1)
    earlier = (name for bit, name in enumerate(_BITS) if word >> (bit + _SINCE_START) & 1)
    return (*now, *(f"{name}-before" for name in earlier if name not in now))


def model(source: Path = MODEL) -> str | None:
    """The board's name, as "Raspberry Pi 4 Model B Rev 1.4"; None where no device tree tells it."""
    try:
        return source.read_text(encoding="ascii").rstrip("\0\n")[:120] or None
    except (OSError, UnicodeDecodeError):
        return None


def system(source: Path = OS_RELEASE) -> str | None:
    """The system's name, as "Debian GNU/Linux 12 (bookworm)" (os-release(5)); None where it has none."""
    try:
        found = re.search(r'^PRETTY_NAME="?([^"\n]+)', source.read_text(encoding="utf-8"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        return None
    return found[1][:120] if found else None

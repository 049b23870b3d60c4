"""What each signal looks and sounds like: pure data, and what stands at a moment of it.

Three colours only, which one RGB LED and three LEDs both have. No two signals share their rhythm or their sound:
who sees no colours, or does not look, is told all the same. A light pattern repeats while its signal stands; its sound
is played once, when it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from firmware.signals import Signal


class Colour(StrEnum):
    """What a light shows."""

    OFF = "off"
    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"


@dataclass(frozen=True, slots=True)
class Blink:
    """One colour for so long."""

    colour: Colour
    ms: int


@dataclass(frozen=True, slots=True)
class Beep:
    """The buzzer on for so long, then silent for so long."""

    on_ms: int
    off_ms: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """Light (repeats) and sound (once)."""

    light: tuple[Blink, ...]
    sound: tuple[Beep, ...]


def _blinks(*steps: tuple[Colour, int]) -> tuple[Blink, ...]:
    return tuple(Blink(colour, ms) for colour, ms in steps)


def _beeps(*steps: tuple[int, int]) -> tuple[Beep, ...]:
    return tuple(Beep(on_ms, off_ms) for on_ms, off_ms in steps)


OFF, RED, YELLOW, GREEN = Colour.OFF, Colour.RED, Colour.YELLOW, Colour.GREEN

PATTERNS: Mapping[Signal, Pattern] = {
    Signal.IDLE: Pattern(_blinks((YELLOW, 60), (OFF, 2940)), ()),
    Signal.SEEN: Pattern(_blinks((YELLOW, 300), (OFF, 100)), _beeps((15, 0))),
    Signal.ADJUST: Pattern(_blinks((YELLOW, 500), (OFF, 500)), _beeps((15, 60), (15, 0))),
    Signal.RECORDED: Pattern(_blinks((GREEN, 1000)), _beeps((80, 60), (80, 0))),
    Signal.RECORDED_OFFLINE: Pattern(_blinks((GREEN, 800), (OFF, 200)), _beeps((80, 60), (80, 60), (250, 0))),
    Signal.ALREADY: Pattern(_blinks((GREEN, 150), (OFF, 150), (GREEN, 150), (OFF, 550)), _beeps((80, 0))),
    Signal.NOT_RECOGNISED: Pattern(_blinks((RED, 250), (OFF, 250)), _beeps((600, 0))),
    Signal.SEE_OFFICER: Pattern(
        _blinks((RED, 400), (OFF, 100), (YELLOW, 400), (OFF, 400)), _beeps((250, 150), (250, 150), (250, 0))
    ),
    Signal.IDENTIFY: Pattern(_blinks((YELLOW, 80), (OFF, 80)), _beeps(*[(60, 440)] * 5)),
    Signal.TEST: Pattern(_blinks((RED, 333), (YELLOW, 333), (GREEN, 334), (OFF, 333)), _beeps(*[(200, 200)] * 3)),
    Signal.STICK_WAIT: Pattern(
        _blinks((YELLOW, 200), (OFF, 200), (YELLOW, 200), (OFF, 1000)), _beeps((40, 40), (40, 0))
    ),
    Signal.STICK_SAFE: Pattern(_blinks((YELLOW, 2000), (OFF, 500)), _beeps((300, 100), (300, 100), (600, 0))),
    Signal.STICK_REFUSED: Pattern(
        _blinks((RED, 100), (OFF, 100), (RED, 100), (OFF, 700)), _beeps((500, 200), (500, 200), (500, 0))
    ),
    Signal.OUT_OF_SERVICE: Pattern(_blinks((RED, 1900), (OFF, 100)), _beeps((600, 300), (600, 0))),
}


def light_at(pattern: Pattern, elapsed_ms: int) -> tuple[Colour, int]:
    """The colour at a moment of a pattern, and the ms until it may change."""
    into_ms = elapsed_ms % sum(blink.ms for blink in pattern.light)
    for blink in pattern.light:
        if into_ms < blink.ms:
            return blink.colour, blink.ms - into_ms
        into_ms -= blink.ms
    raise AssertionError("a remainder is below the sum")  # pragma: no cover


def sound_at(pattern: Pattern, elapsed_ms: int) -> tuple[bool, int | None]:
    """Whether the buzzer sounds at a moment of a pattern, and the ms until that may change; None: silent from now on."""
    left_ms = elapsed_ms
    for beep in pattern.sound:
        if left_ms < beep.on_ms:
            return True, beep.on_ms - left_ms
        left_ms -= beep.on_ms
        if left_ms < beep.off_ms:
            return False, beep.off_ms - left_ms
        left_ms -= beep.off_ms
    return False, None

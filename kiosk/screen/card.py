"""What the screen says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from firmware.signals import Signal
from models.face import Box, Hint
from wire.messages import Rules


@dataclass(frozen=True, slots=True)
class Card:
    """The big state. `name`: already shortened; `at`: the moment on the record; `entry`: `chain/seq` of the record, by
    which a later receipt turns "stored here" into "received centrally"; `received`: it already has."""

    signal: Signal
    hint: Hint | None = None
    name: str | None = None
    at: datetime | None = None
    entry: str | None = None
    received: bool = False
    reason: str | None = (
        None  # out of service: word of the cause, e.g. camera-lost, disk-full, no-roster; else pin-wrong, pin-locked
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around the state: online, records waiting for a receipt, whether the clock is trusted, people enrolled, and how
    many may give a PIN now, what the centre says of the day's hours."""

    online: bool
    backlog: int
    clock_trusted: bool
    enrolled: int
    pins: int = 0
    rules: Rules | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """The live picture for the page: JPEG bytes (mirrored, as in a mirror), its size, and the served face's box."""

    jpeg: bytes
    width: int
    height: int
    served: Box | None

"""Whether somebody standing here now could check in, and if not, why not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why the kiosk is out of service: the word on the card and in the event."""

    STARTING = "starting"
    DISK_FULL = "disk-full"
    READ_ONLY = "read-only"
    LEDGER_DAMAGED = "ledger-damaged"
    LEDGER = "ledger"
    WEIGHTS = "weights"
    VISION = "vision-failed"
    CAMERA_LOST = "camera-lost"
    NO_ROSTER = "no-roster"
    ROSTER_MODEL = "roster-model"
    STOPPED = "stopped"


class Part(StrEnum):
    """What must work. The order is that of telling: the first that does not work is named."""

    LEDGER = "ledger"
    VISION = "vision"
    CAMERA = "camera"
    ROSTER = "roster"


@dataclass(frozen=True, slots=True)
class Change:
    """The service went out (`reason`) or came back (None) after `seconds` in the state before."""

    reason: Reason | None
    seconds: float


class Service:
    """What is wrong with each part. Everything is starting until it says otherwise."""

    def __init__(self, now_ns: int) -> None:
        self._wrong: dict[Part, Reason | None] = dict.fromkeys(Part, Reason.STARTING)
        self._told: Reason | None = Reason.STARTING
        self._since_ns = now_ns

    @property
    def reason(self) -> Reason | None:
        """The first thing that is wrong; None in service. What only starts is named last."""
        wrong = [reason for reason in self._wrong.values() if reason is not None]
        return next((reason for reason in wrong if reason is not Reason.STARTING), wrong[0] if wrong else None)

    def set(self, part: Part, reason: Reason | None) -> None:
        """A part works (None), or does not."""
        self._wrong[part] = reason

    def change(self, now_ns: int) -> Change | None:
        """What changed since the last call, to be told once; starting is not a change."""
        reason = self.reason
        if reason is self._told or reason is Reason.STARTING:
            return None
        change = Change(reason, (now_ns - self._since_ns) / 1e9)
        self._told, self._since_ns = reason, now_ns
        return change

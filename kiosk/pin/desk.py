"""The desk between the page, where somebody types, and the loop, which alone writes records and speaks by light and sound."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil
from queue import Empty, SimpleQueue

from firmware.clock import Reading
from kiosk.gallery import PinHolder, Roster
from kiosk.pin.lockout import SECOND_NS, Limits, Lockout, failed, in_row, passed, wait_ns
from wire.messages import PinVerifier
from wire.pin import matches

log = logging.getLogger(__name__)

ANSWER_S = 5.0
"""The loop turns ten times a second and more: whoever waits so long is told that nothing was recorded, and then nothing is."""
COMMIT_S = 20.0
"""What a disk may take once writing has begun: only then is it known whether it counted."""


class Said(StrEnum):
    """What came of it."""

    RECORDED = "recorded"
    ALREADY = "already"
    WRONG = "wrong"  # number or PIN: which, is told to nobody
    LOCKED = "locked"
    BUSY = "busy"
    CLOSED = (
        "closed"  # nothing was recorded and nothing was tried: no roster with PINs, or the ledger cannot be written
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page shows. `wait_s`: how long the next try must wait."""

    said: Said
    wait_s: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """What the loop is asked to write and to tell. `holder`: who gave their PIN; None for a failed one, of which `failure` has what
    is recorded: `reason`, `person` where known, `in_row`, `locked_s`; and None for both where somebody is only told to wait."""

    answer: Answer
    holder: PinHolder | None
    failure: dict[str, str | int] | None
    version: int
    told: Future[Answer]


class PinDesk:
    """`ask` is called by the page's threads, everything else by the loop.

    One PIN is looked at at a time: another one meanwhile is told to try again, so that nobody tries many at once.
    """

    def __init__(
        self, now: Callable[[], Reading], before: Callable[[], Lockout] = Lockout, limits: Limits | None = None
    ) -> None:
        """`before`: what was held against whom before this start, asked once and not until the ledger can be read."""
        self._now = now
        self._limits = limits or Limits()
        self._before = before
        self._lockout: Lockout | None = None
        self._roster: Roster | None = None
        self._asks: SimpleQueue[Ask] = SimpleQueue()
        self._one = threading.Lock()

    def offer(self, roster: Roster | None) -> None:
        """Whose PINs are taken now; None for nobody's."""
        if roster is not None and roster.pins and self._lockout is None:
            self._lockout = self._before()
        self._roster = roster

    @property
    def holders(self) -> int:
        """How many people may give a PIN now."""
        roster, at = self._roster, self._now().at
        return 0 if roster is None else sum(one.served(at) for one in roster.pins)

    def next(self) -> Ask | None:
        """What is to be done, None mostly. Whoever takes one sets its `told`."""
        while True:
            try:
                ask = self._asks.get_nowait()
            except Empty:
                return None
            if ask.told.set_running_or_notify_cancel():
                return ask

    def ask(self, number: str, pin: str) -> Answer:
        """Look at a number and a PIN; returns when it is on disk, or is not. Takes as long for a wrong number as for a wrong PIN."""
        if not self._one.acquire(blocking=False):
            return Answer(Said.BUSY)
        try:
            roster, lockout = self._roster, self._lockout
            if roster is None or lockout is None or not roster.pins:
                return Answer(Said.CLOSED)
            return self._told(self._look(roster, lockout, number, pin))
        finally:
            self._one.release()

    def _look(self, roster: Roster, lockout: Lockout, number: str, pin: str) -> Ask:
        """What it comes to, held against whoever guessed before anybody is told."""
        reading = self._now()
        holder = next((one for one in roster.pins if one.verifier.number == number), None)
        who = f"#{number}" if holder is None else holder.person
        waiting = wait_ns(self._limits, lockout, who, reading.monotonic_ns)
        if waiting:
            return Ask(Answer(Said.LOCKED, _seconds(waiting)), None, None, roster.version, Future())
        right = matches(_nobody(roster.pins[0].verifier) if holder is None else holder.verifier, pin)
        if holder is not None and right and holder.served(reading.at):
            self._lockout = passed(lockout, who)
            return Ask(Answer(Said.RECORDED), holder, None, roster.version, Future())
        self._lockout = lockout = failed(self._limits, lockout, who, reading.monotonic_ns)
        wait_s = _seconds(wait_ns(self._limits, lockout, who, reading.monotonic_ns))
        reason = "unknown" if holder is None else "expired" if right else "wrong"
        failure: dict[str, str | int] = {"reason": reason, "in_row": in_row(lockout, who), "locked_s": wait_s}
        if holder is not None:
            failure["person"] = holder.person
        return Ask(Answer(Said.WRONG, wait_s), None, failure, roster.version, Future())

    def _told(self, ask: Ask) -> Answer:
        self._asks.put(ask)
        try:
            return ask.told.result(ANSWER_S)
        except TimeoutError:
            if ask.told.cancel():
                log.warning("a PIN was not answered within %.0f s: nothing was recorded", ANSWER_S)
                return Answer(Said.CLOSED)
        try:
            return ask.told.result(COMMIT_S)
        except (TimeoutError, CancelledError):
            return Answer(Said.CLOSED)


def _seconds(waiting_ns: int) -> int:
    return ceil(waiting_ns / SECOND_NS)


def _nobody(like: PinVerifier) -> PinVerifier:
    """A verifier that no PIN matches: to look at it takes as long as to look at somebody's."""
    return replace(like, digest="A" * 43 + "=")

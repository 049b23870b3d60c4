"""What the wall shows now, held for several readers. Writers never wait for readers: each value is the latest one."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import deque
from collections.abc import Callable

from firmware.signals import Signal
from kiosk.screen.card import Card, Picture, Surroundings

SILENT_S = 3.0
"""Without a word from the kiosk's loop for so long, the screen says that it does not respond."""

REMEMBERED = 64
"""Receipts kept in case they overtake the card they belong to."""

STARTING = Card(Signal.OUT_OF_SERVICE, reason="starting")
SILENT = Card(Signal.OUT_OF_SERVICE, reason="not-responding")


class ScreenState:
    """The latest card, surroundings and picture. Every method may be called from any thread."""

    def __init__(self, hold_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._hold_s = hold_s
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._card, self._shown_at, self._heard_at = STARTING, monotonic(), monotonic()
        self._around = Surroundings(online=False, backlog=0, clock_trusted=True, enrolled=0)
        self._picture: Picture | None = None
        self._received: deque[str] = deque(maxlen=REMEMBERED)
        self._version = self._number = 0
        self._closed = False

    def show(self, card: Card) -> None:
        """A new state, or the same one again: it holds from now."""
        with self._changed:
            if card.entry in self._received and card.entry is not None:
                card = dataclasses.replace(card, received=True)
            changed, self._card = card != self._card, card
            self._shown_at = self._hear()
            self._tell(changed)

    def surroundings(self, around: Surroundings) -> None:
        """What stands around the state."""
        with self._changed:
            changed, self._around = around != self._around, around
            self._hear()
            self._tell(changed)

    def received(self, entry: str) -> None:
        """The centre has this record."""
        with self._changed:
            self._received.append(entry)
            if self._card.entry == entry and not self._card.received:
                self._card = dataclasses.replace(self._card, received=True)
                self._tell(True)

    def picture(self, picture: Picture) -> None:
        """The newest picture; an unread older one is gone."""
        with self._changed:
            self._picture = picture
            self._number += 1
            self._hear()
            self._changed.notify_all()

    def close(self) -> None:
        """Wake every reader for the last time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether readers should end."""
        return self._closed

    def now(self) -> tuple[int, Card, Surroundings]:
        """Version, card and surroundings as they hold at this moment: no result outlives its time."""
        with self._changed:
            return self._version, self._standing(), self._around

    def wait_change(self, version: int, limit_s: float) -> None:
        """Return when there is something newer than `version`, the state was closed, or `limit_s` passed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._version != version, limit_s)

    def wait_picture(self, number: int, limit_s: float) -> tuple[int, Picture] | None:
        """The newest picture and its number once that differs from `number`, or None."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._fresh(number), limit_s)
            return (
                None
                if self._picture is None or self._closed or not self._fresh(number)
                else (self._number, self._picture)
            )

    def _fresh(self, number: int) -> bool:
        return self._picture is not None and self._number != number

    def _standing(self) -> Card:
        now = self._monotonic()
        if self._card.signal is Signal.OUT_OF_SERVICE:
            return self._card
        if now - self._heard_at > SILENT_S:
            return SILENT
        return self._card if now - self._shown_at <= self._hold_s else Card(Signal.IDLE)

    def _hear(self) -> float:
        self._heard_at = self._monotonic()
        return self._heard_at

    def _tell(self, changed: bool) -> None:
        if changed:
            self._version += 1
            self._changed.notify_all()

"""Threads that must not end by themselves."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

log = logging.getLogger(__name__)

JOIN_S = 20.0


class Part(Protocol):
    """Something that runs until it is closed."""

    @property
    def alive(self) -> bool:
        """Whether it still runs."""

    def start(self) -> None:
        """Begin."""

    def close(self) -> None:
        """End; closing twice is fine."""


class Loop:
    """A part made of one function that runs until its event is set. `wake`: makes it look at the event now."""

    def __init__(
        self, name: str, run: Callable[[threading.Event], None], wake: Callable[[], None] = lambda: None
    ) -> None:
        self._run = run
        self._wake = wake
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._guarded, name=name, daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the function still runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Run the function in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Ask the function to return, and wait for it."""
        self._stop.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(JOIN_S)
        if self.alive:
            log.error("%s did not end within %.0f s", self._thread.name, JOIN_S)

    def _guarded(self) -> None:
        try:
            self._run(self._stop)
        except Exception:
            log.exception("%s failed", self._thread.name)


def run_parts(parts: Sequence[Part], stop: threading.Event) -> bool:
    """Start parts in order and wait for `stop`; close them in the order opposite to their start.

    Gives False when one ended by itself: then the process must end too, and be started again by whoever runs it.
    """
    started: list[Part] = []
    try:
        for part in parts:
            part.start()
            started.append(part)
        while all(part.alive for part in started):
            if stop.wait(0.2):
                return True
        return stop.is_set()
    finally:
        for part in reversed(started):
            part.close()

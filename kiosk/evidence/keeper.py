"""Letting pictures go: those the centre has, those it will not have, those that are too old, and all where the disk runs short."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from firmware.clock import Reading
from kiosk.database import DatabaseError
from kiosk.evidence.album import Album

log = logging.getLogger(__name__)

TIDY_NS = 60 * 1_000_000_000


class Heard(Protocol):
    """What the relay heard of the centre: `kiosk.relay.RelayReader`."""

    def changed(self) -> bool:
        """Whether there is anything new since the last call."""
        ...

    def pictures(self) -> Mapping[str, str]:
        """Pictures that need not be kept, and the word why."""
        ...

    def close(self) -> None:
        """Let go of its file."""
        ...


class Keeper:
    """Looks at what the relay heard of the centre, and tidies the album once a minute."""

    def __init__(self, album: Album, relay: Heard, now: Callable[[], Reading]) -> None:
        self._album = album
        self._relay = relay
        self._now = now
        self._tidied_ns: int | None = None
        self._stale = True  # until a look went well: what changed is told once only
        self._failed = False

    def tend(self) -> None:
        """Look once. What cannot be done now is done later; it is logged once."""
        try:
            self._stale |= self._relay.changed()
            if self._stale:
                self._album.remove(self._relay.pictures())
                self._stale = False
            self._tidy()
        except (DatabaseError, OSError) as error:
            if not self._failed:
                log.warning("pictures are not let go: %s", error)
            self._failed = True
        else:
            self._failed = False

    def close(self) -> None:
        """Let go of the relay's database; twice is fine."""
        self._relay.close()

    def _tidy(self) -> None:
        reading = self._now()
        if self._tidied_ns is None or reading.monotonic_ns - self._tidied_ns > TIDY_NS:
            self._tidied_ns = reading.monotonic_ns
            self._album.tidy(None if reading.source == "none" else reading.at.timestamp())

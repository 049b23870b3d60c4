"""The kiosk process tells its neighbours when it last saw a frame: a file in a folder of memory, written twice a minute.

Not in the ledger: a frame is no fact that anybody must be able to prove, and the card would be worn for it.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from firmware.clock import Reading

log = logging.getLogger(__name__)

NAME = "last-frame"
EVERY_NS = 30 * 1_000_000_000


class Pulse:
    """Writes the time of the newest frame, now and then."""

    def __init__(self, folder: Path) -> None:
        """`folder`: made by the service manager; where it is not and cannot be made, nothing is told."""
        self._file = folder / NAME
        self._written_ns: int | None = None
        self._failing = False

    def beat(self, reading: Reading) -> None:
        """A frame came at this moment."""
        if self._written_ns is not None and reading.monotonic_ns - self._written_ns < EVERY_NS:
            return
        self._written_ns = reading.monotonic_ns
        try:
            self._write(reading.at)
        except OSError as error:
            if not self._failing:
                log.warning("when the last frame came cannot be told: %s", error)
            self._failing = True
        else:
            self._failing = False

    def _write(self, at: datetime) -> None:
        self._file.parent.mkdir(mode=0o750, exist_ok=True)
        draft = self._file.with_suffix(".draft")
        draft.write_text(at.isoformat(timespec="milliseconds"), encoding="ascii")
        draft.replace(self._file)


def last_frame(folder: Path) -> datetime | None:
    """When the kiosk process last saw a frame, UTC; None when it never told since the board was switched on."""
    try:
        at = datetime.fromisoformat((folder / NAME).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return at.astimezone(UTC) if at.tzinfo else None

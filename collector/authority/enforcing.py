"""A revocation takes hold at the broker: the list is written, read, and whoever is still connected is put out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from collector.authority import book, lists
from collector.authority.authority import Authority
from collector.authority.contact import Canary, Greet, new_canary, take_over
from collector.errors import LinkError
from collector.store.writer import Writer

log = logging.getLogger(__name__)

PATIENCE_S = 20.0
POLL_S = 0.25


@dataclass(frozen=True, slots=True)
class Enforcement:
    """Makes the broker agree with the book. `path`: where the broker reads the list; a path unit of systemd has it read anew
    whenever the file changes. `pause`: waits so many seconds, and says whether to give up."""

    writer: Writer
    authority: Authority
    path: Path
    greet: Greet
    pause: Callable[[float], bool]

    def turn(self, now: datetime) -> int:
        """Enforce what is not yet; how many certificates are refused from now on. Raises LinkError, OSError, StoreDownError."""
        with self.writer.transaction() as connection:
            revoked = book.revoked_serials(connection, now)
            waiting = book.unenforced(connection, now)
        if not waiting:
            if lists.is_stale(self.path, self.authority, now):
                lists.write(self.path, self.authority, revoked, now)
            return 0
        canary = new_canary(self.authority, now)
        held = {number: [*serials] for number, serials in revoked.items()}
        held.setdefault(canary.listed.issuer, []).append((canary.listed.certificate.serial_number, now))
        lists.write(self.path, self.authority, held, now)
        self._await_proof(canary)
        for subject in sorted({subject for _, subject in waiting}):
            if not take_over(self.greet, self.authority, subject, now):
                raise LinkError(
                    f"the broker did not let {subject}'s connection be taken over: systemctl restart mosquitto"
                )
        with self.writer.transaction() as connection:
            book.enforced(connection, [serial for serial, _ in waiting], now)
        log.warning("the broker refuses %d revoked certificates", len(waiting))
        return len(waiting)

    def _await_proof(self, canary: Canary) -> None:
        """Until the broker has read the list, who is put out would come straight back."""
        until = time.monotonic() + PATIENCE_S
        while not canary.proves(self.greet):
            if time.monotonic() > until or self.pause(POLL_S):
                raise LinkError(
                    f"the broker does not go by {self.path}: systemctl reload mosquitto, "
                    "and see why siperlu-broker-reload.path did not"
                )

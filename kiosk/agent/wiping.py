"""Wiping a kiosk: noted on the disk before it is answered, so that no stop and no power cut leaves it told and undone."""

from __future__ import annotations

import logging
import os
import shutil

from kiosk.agent.system import System, SystemFailed
from kiosk.certificate import Places
from kiosk.files import sync
from kiosk.settings import KioskSettings

log = logging.getLogger(__name__)

MARK = "wipe"


class Wiping:
    """Stops everything for good and destroys keys, ledger, roster and certificates."""

    def __init__(self, settings: KioskSettings, system: System) -> None:
        self._settings = settings
        self._system = system
        self._mark = settings.folders.agent / MARK

    def ordered(self) -> str | None:
        """The order of a wipe that has not come to its end; None without one."""
        try:
            return self._mark.read_text("ascii")
        except OSError:
            return None

    def note(self, order: str) -> None:
        """Durably: from now on it is done, whatever happens. Raises OSError."""
        draft = self._mark.with_name(f".{MARK}.draft")
        draft.write_text(order, encoding="ascii")
        sync(draft)
        draft.replace(self._mark)
        sync(self._mark.parent)

    def do(self) -> None:
        """Keys go also from a machine that does not stop. Raises OSError, SystemFailed when anything is left: to be done again."""
        failed: SystemFailed | None = None
        try:
            self._system.stop()
        except SystemFailed as error:
            log.error("what runs is not stopped: %s", error)  # noqa: TRY400 - raised below
            failed = error
        self._destroy()
        if failed:
            raise failed
        self._mark.unlink(missing_ok=True)

    def _destroy(self) -> None:
        folders, relay = self._settings.folders, self._settings.relay
        places = Places(relay.certificate_key, relay.certificate, relay.ca)
        for file in (places.key, places.next_key, places.certificate):
            file.unlink(missing_ok=True)
        for folder in (folders.ledger, folders.relay):
            shutil.rmtree(folder, ignore_errors=True)
            if folder.exists() and any(folder.iterdir()):
                raise OSError(f"{folder} is not empty after it was wiped")
        os.sync()

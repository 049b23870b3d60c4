"""Releases that the relay has fetched: it is on the network and believed in nothing, so each is copied first, and proved here."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import BinaryIO

from kiosk.agent.update.bundles import keep
from kiosk.relay.reader import FETCHED
from kiosk.settings import KioskSettings
from wire.release import file_name

log = logging.getLogger(__name__)

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Arrivals:
    """Takes over what lies in the relay's folder, each file once."""

    def __init__(self, settings: KioskSettings) -> None:
        folders = settings.folders
        self._from = folders.relay / FETCHED
        self._agent, self._release_keys = folders.agent, folders.release_keys
        self._refused: tuple[int, ...] = ()
        self._trouble = ""

    def take(self, version: str) -> bool:
        """Whether the bundle of a version has come, and lies in the agent's own folder now."""
        try:
            return self._take(self._from / file_name(version), version)
        except FileNotFoundError:
            return False
        except OSError as error:
            if str(error) != self._trouble:
                log.warning("what the relay has fetched cannot be taken over: %s", error)
            self._trouble = str(error)
            return False

    def _take(self, path: Path, version: str) -> bool:
        with os.fdopen(os.open(path, READ), "rb") as source:
            found = os.fstat(source.fileno())
            mark = (found.st_ino, found.st_size, found.st_mtime_ns)
            if mark == self._refused or not stat.S_ISREG(found.st_mode):
                return False
            if self._keep(source, version):
                return True
            self._refused = mark
            return False

    def _keep(self, source: BinaryIO, version: str) -> bool:
        kept = keep(source, version, self._agent, self._release_keys)
        if not kept:
            log.warning("what the relay has fetched as version %s is not a release that IT sealed", version)
        return kept

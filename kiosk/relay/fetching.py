"""Fetches the releases that updates ask for: beside the relay's loop, for a line may take hours for one."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from firmware import clock
from kiosk.agent.answers import answer
from kiosk.agent.orders import Orders
from kiosk.agent.update.bundles import genuine, held
from kiosk.agent.update.releases import Releases
from kiosk.database import DatabaseError
from kiosk.relay.backoff import Backoff
from kiosk.relay.download import DownloadError, Source, download
from kiosk.relay.reader import FETCHED
from kiosk.settings import KioskSettings
from wire.errors import ContractError
from wire.release import file_name

LOOK_S = 5.0
"""So often it is looked whether an update asks for a release."""

LOG = logging.getLogger(__name__)


class Fetcher(threading.Thread):
    """One release at a time; what nobody asks for any more is removed."""

    def __init__(self, settings: KioskSettings, backoff: Backoff) -> None:
        super().__init__(name="fetcher", daemon=True)
        folders = settings.folders
        self._orders = Orders(folders.relay, folders.centre_keys, settings.kiosk.id)
        self._agent, self._release_keys = folders.agent, folders.release_keys
        self._releases = Releases(folders.releases)
        self._folder = folders.relay / FETCHED
        self._source = Source.of(settings.relay)
        self._enabled = settings.relay.tls and settings.relay.releases_port > 0
        self._backoff = backoff
        self._ended = threading.Event()
        self._trouble = ""

    def run(self) -> None:
        """Work until closed."""
        wait_s = 0.0
        while self._enabled and not self._ended.wait(wait_s):
            wait_s = LOOK_S if self.turn() else max(LOOK_S, self._backoff.wait_s())

    def close(self) -> None:
        """Stop at the next piece; what has come stays for the next start. Twice is fine."""
        self._ended.set()
        if self.is_alive():
            self.join(2.0)

    def turn(self) -> bool:
        """Fetch what is asked for; False when that failed, and is to be tried again later."""
        try:
            wanted = self._wanted()
            self._tidy(wanted)
            for version in wanted:
                self._fetch(version)
        except (DownloadError, DatabaseError, OSError) as error:
            if str(error) != self._trouble:
                LOG.warning("a release cannot be fetched: %s", error)
            self._trouble = str(error)
            return False
        self._trouble = ""
        self._backoff.succeed()
        return True

    def _wanted(self) -> list[str]:
        """Versions that updates ask for which are not over, and which the agent has neither as a bundle nor installed."""
        versions = dict.fromkeys(
            command.arguments.get("version", "")
            for command in self._orders.waiting()
            if command.command == "update"
            and command.expires > clock.read().at
            and answer(self._agent, command.id) is None
        )
        return [version for version in versions if self._is_missing(version)]

    def _is_missing(self, version: str) -> bool:
        try:
            return not (held(self._agent, version).exists() or self._releases.whole(version))
        except ContractError:
            return False  # the agent will refuse it

    def _fetch(self, version: str) -> None:
        whole = self._folder / file_name(version)
        if whole.exists():
            return
        self._folder.mkdir(mode=0o750, exist_ok=True)
        part = _part(whole)
        began, had = time.monotonic(), part.exists()
        if not had:
            LOG.info("release %s is being fetched", version)
        download(self._source, whole.name, part, lambda: not self._ended.is_set())
        if not genuine(part, version, self._release_keys):
            part.unlink()
            raise DownloadError(f"what the centre has as version {version} is not a release that IT sealed")
        part.replace(whole)
        LOG.info("release %s is here%s", version, "" if had else f" after {time.monotonic() - began:.0f} s")

    def _tidy(self, wanted: list[str]) -> None:
        kept = {path for version in wanted for path in _both(self._folder / file_name(version))}
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            if path not in kept:
                path.unlink(missing_ok=True)


def _part(whole: Path) -> Path:
    return whole.with_name(f"{whole.name}.part")


def _both(whole: Path) -> tuple[Path, Path]:
    return whole, _part(whole)

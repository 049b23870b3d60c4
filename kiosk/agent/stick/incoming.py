"""From a stick to the kiosk: messages are laid out for the relay, which verifies them; bundles are verified here."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from kiosk.agent.update.bundles import WHOLE, NoRoomError, held, keep, need, room
from kiosk.files import sync
from kiosk.relay import spool
from kiosk.settings import KioskSettings
from stick import StickFolder
from wire.release import order
from wire.stick import TO_KIOSK, Place

log = logging.getLogger(__name__)

MOST_BUNDLES = 2
ROOM = 64 << 20
"""Bytes that stay free whatever messages come: fewer than beside a release, for receipts are what lets records go."""


def lay_out(stick: StickFolder, settings: KioskSettings) -> str | None:
    """Copy the messages for this kiosk into the spool; gives the file's name, None when there are none.

    The same messages have the same name. Raises stick.StickError, NoRoomError, OSError.
    """
    folder = settings.folders.agent / spool.FOLDER
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = folder / f".{secrets.token_hex(8)}"
    digest = hashlib.sha256()
    try:
        with os.fdopen(os.open(draft, WHOLE, 0o644), "wb") as file:
            left = room(folder, ROOM)
            for line in _lines(stick, settings.kiosk.id):
                left -= len(line)
                need(left, folder)
                digest.update(line)
                file.write(line)
            empty = file.tell() == 0
            file.flush()
            os.fsync(file.fileno())
        if empty:
            return None
        name = f"{digest.hexdigest()}.txt"
        draft.replace(folder / name)
        sync(folder)
    finally:
        draft.unlink(missing_ok=True)
    _only(folder, name)
    return name


def fetch_bundles(stick: StickFolder, settings: KioskSettings) -> list[str]:
    """Copy releases that IT sealed to where the updater looks for them, newest first; gives their versions.

    One that is here already, that is not genuine, or that there is no room for is passed over: nothing is installed before a
    command asks for it. Raises stick.StickError, OSError.
    """
    kiosk, agent = settings.kiosk.id, settings.folders.agent
    newest = sorted(stick.bundles(kiosk), key=order, reverse=True)[:MOST_BUNDLES]
    missing = [version for version in newest if not held(agent, version).exists()]
    return [version for version in missing if _fetch(stick, Place(kiosk, None, version), settings)]


def _lines(stick: StickFolder, kiosk: str) -> Iterator[bytes]:
    for part in TO_KIOSK:
        for carried in stick.messages(Place(kiosk, part)):
            yield carried.topic.encode("ascii") + b"\t" + carried.payload + b"\n"


def _fetch(stick: StickFolder, place: Place, settings: KioskSettings) -> bool:
    source = stick.open(place)
    if source is None:
        return False
    with source:
        try:
            return keep(source, str(place.version), settings.folders.agent, settings.folders.release_keys)
        except NoRoomError as error:
            log.warning("release %s stays on the stick: %s", place.version, error)
            return False


def _only(folder: Path, name: str) -> None:
    """What an earlier stick brought is over: this one says more."""
    for path in folder.iterdir():
        if path.name != name:
            with contextlib.suppress(OSError):
                path.unlink()

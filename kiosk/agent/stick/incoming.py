"""From a stick to the kiosk: messages are laid out for the relay, which verifies them; bundles are verified here."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from kiosk.agent.update.updater import BUNDLES
from kiosk.files import sync
from kiosk.relay import spool
from kiosk.settings import KioskSettings
from provisioning.bundle import open_bundle
from provisioning.errors import BundleError
from stick import StickFolder
from wire.errors import WireError
from wire.jwks import KEY_SET
from wire.release import order
from wire.stick import TO_KIOSK, Place

ROOM = 512 << 20
"""Bytes that stay free on the kiosk's disk whatever a stick brings: check-ins need them."""
PIECE = 1 << 20
MOST_BUNDLES = 2
WHOLE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class NoRoomError(OSError):
    """The kiosk's own disk has no room for what the stick brings."""


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
            left = _room(folder)
            for line in _lines(stick, settings.kiosk.id):
                left -= len(line)
                _need(left, folder)
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

    One that is here already, or that is not genuine, is passed over: nothing is installed before a command asks for it.
    Raises stick.StickError, NoRoomError, OSError.
    """
    folders, kiosk = settings.folders, settings.kiosk.id
    folder = folders.agent / BUNDLES
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    fetched = []
    for version in sorted(stick.bundles(kiosk), key=order, reverse=True)[:MOST_BUNDLES]:
        target = folder / f"siperlu-{version}.tar"
        if not target.exists() and _fetch(stick, Place(kiosk, None, version), target, folders.release_keys):
            fetched.append(version)
    return fetched


def _lines(stick: StickFolder, kiosk: str) -> Iterator[bytes]:
    for part in TO_KIOSK:
        for carried in stick.messages(Place(kiosk, part)):
            yield carried.topic.encode("ascii") + b"\t" + carried.payload + b"\n"


def _fetch(stick: StickFolder, place: Place, target: Path, release_keys: Path) -> bool:
    source = stick.open(place)
    if source is None:
        return False
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with source, os.fdopen(os.open(draft, WHOLE, 0o644), "wb") as file:
            _need(_room(target.parent) - os.fstat(source.fileno()).st_size, target.parent)
            left = os.fstat(source.fileno()).st_size
            while left > 0 and (piece := source.read(min(PIECE, left))):
                file.write(piece)
                left -= len(piece)
            file.flush()
            os.fsync(file.fileno())
        if not _genuine(draft, str(place.version), release_keys):
            return False
        draft.replace(target)
        sync(target.parent)
    finally:
        draft.unlink(missing_ok=True)
    return True


def _genuine(bundle: Path, version: str, release_keys: Path) -> bool:
    try:
        return open_bundle(bundle, KEY_SET.decode(release_keys.read_bytes()).keyring()).release.version == version
    except (BundleError, WireError, OSError):
        return False


def _room(folder: Path) -> int:
    return shutil.disk_usage(folder).free - ROOM


def _need(left: int, folder: Path) -> None:
    if left < 0:
        raise NoRoomError(f"{folder}: less than {ROOM >> 20} MiB would stay free on the kiosk")


def _only(folder: Path, name: str) -> None:
    """What an earlier stick brought is over: this one says more."""
    for path in folder.iterdir():
        if path.name != name:
            with contextlib.suppress(OSError):
                path.unlink()

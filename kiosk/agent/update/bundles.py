"""Bundles in the agent's own folder: copied there whole, and genuine, before anything asks for them."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import BinaryIO

from kiosk.files import sync
from provisioning.bundle import open_bundle
from provisioning.errors import BundleError
from wire.errors import ContractError, WireError
from wire.jwks import KEY_SET
from wire.release import file_name, order

BUNDLES = "bundles"
ROOM = 512 << 20
"""Bytes that stay free on the kiosk's disk whatever is brought to it: check-ins need them."""
PIECE = 1 << 20
WHOLE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class NoRoomError(OSError):
    """The kiosk's own disk has no room for what is brought."""


def held(agent: Path, version: str) -> Path:
    """Where the bundle of a version lies, or would. Raises wire.errors.ContractError for what is no version."""
    return agent / BUNDLES / file_name(version)


def keep(source: BinaryIO, version: str, agent: Path, release_keys: Path) -> bool:
    """Copy a bundle to where the updater looks for it; False, and nothing is kept, for one that IT did not seal as this version.

    Raises NoRoomError, OSError.
    """
    target = held(agent, version)
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    left = os.fstat(source.fileno()).st_size
    need(room(target.parent) - left, target.parent)
    try:
        with os.fdopen(os.open(draft, WHOLE, 0o644), "wb") as file:
            while left > 0 and (piece := source.read(min(PIECE, left))):
                file.write(piece)
                left -= len(piece)
            file.flush()
            os.fsync(file.fileno())
        if not genuine(draft, version, release_keys):
            return False
        draft.replace(target)
        sync(target.parent)
    finally:
        draft.unlink(missing_ok=True)
    return True


def genuine(bundle: Path, version: str, release_keys: Path) -> bool:
    """Whether a file is a release that IT sealed, of this version, whole."""
    try:
        return open_bundle(bundle, KEY_SET.decode(release_keys.read_bytes()).keyring()).release.version == version
    except (BundleError, WireError, OSError):
        return False


def clear(agent: Path, version: str) -> None:
    """Remove the bundles of a version and of older ones: their releases are installed, or nobody goes back to them."""
    for bundle in (agent / BUNDLES).glob("siperlu-*.tar"):
        if not _newer(bundle.name, version):
            bundle.unlink(missing_ok=True)


def only(agent: Path, version: str) -> None:
    """Remove all bundles but that of a version."""
    for bundle in (agent / BUNDLES).glob("siperlu-*.tar"):
        if bundle != held(agent, version):
            bundle.unlink(missing_ok=True)


def _newer(name: str, version: str) -> bool:
    """What is no version is not newer than any."""
    try:
        return order(name.removeprefix("siperlu-").removesuffix(".tar")) > order(version)
    except ContractError:
        return False


def room(folder: Path, kept: int | None = None) -> int:
    """Bytes that may still be written there. `kept`: those that stay free; ROOM without."""
    return shutil.disk_usage(folder).free - (ROOM if kept is None else kept)


def need(left: int, folder: Path) -> None:
    """Raises NoRoomError when nothing is left."""
    if left < 0:
        raise NoRoomError(f"{folder}: too little would stay free on the kiosk")

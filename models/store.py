"""Weights on disk: where they lie, whether they are what the manifest says, and how they get there."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from models.errors import WeightsError
from models.manifest import Card, Package

_INSTALLED = Path("/var/lib/siperlu/weights")
_CHUNK = 1 << 20
_LARGEST = 256 << 20  # bytes; the largest file of the manifest is 39 MB
_TIMEOUT_S = 30


class State(StrEnum):
    """What `verify` says of a file."""

    RIGHT = "right"
    MISSING = "missing"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class Installed:
    """A card and its file in a folder of weights."""

    card: Card
    path: Path
    state: State


def default_folder() -> Path:
    """Where weights lie when nobody says: in a checkout its own `.cache/weights`, else /var/lib/siperlu/weights."""
    checkout = Path(__file__).resolve().parents[1]
    return checkout / ".cache" / "weights" if (checkout / "Makefile").is_file() else _INSTALLED


def sha256(path: Path) -> str:
    """Hash of a file's bytes, 64 hex digits. Raises `WeightsError` when it cannot be read."""
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror}") from error


def look(card: Card, folder: Path) -> Installed:
    """The state of one card's file in a folder."""
    path = folder / card.file
    if not path.is_file():
        return Installed(card, path, State.MISSING)
    return Installed(card, path, State.RIGHT if sha256(path) == card.sha256 else State.ALTERED)


def require(card: Card, folder: Path) -> Path:
    """The card's file, checked. Raises `WeightsError` when it is missing or altered."""
    found = look(card, folder)
    if found.state is State.MISSING:
        mend = "siperlu models build" if card.package else "siperlu models install"
        raise WeightsError(f"{found.path}: not installed; `{mend} --to {folder}` puts it there")
    if found.state is State.ALTERED:
        raise WeightsError(
            f"{found.path}: its SHA-256 is not the manifest's for {card.name}; delete it and install again"
        )
    return found.path


def search(folder: Path, wanted: Iterable[Card]) -> dict[str, Path]:
    """Files anywhere under `folder` whose SHA-256 is a wanted card's, by the card's name. Names do not matter."""
    by_hash = {card.sha256: card.name for card in wanted}
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size <= _LARGEST)
    hashes = ((sha256(path), path) for path in files)
    return {by_hash[digest]: path for digest, path in hashes if digest in by_hash}


def packaged(package: Package) -> Path:
    """A file of an installed distribution, checked. Found by its metadata: importing that package needs pkg_resources."""
    try:
        found = Path(str(importlib.metadata.distribution(package.distribution).locate_file(package.path)))
    except importlib.metadata.PackageNotFoundError as error:
        raise WeightsError(f"{package.distribution} is not installed; `pip install {package.distribution}`") from error
    if sha256(found) != package.sha256:
        raise WeightsError(f"{found}: its SHA-256 is not the manifest's; install {package.distribution} again")
    return found


def _limited(pieces: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > _LARGEST:
            raise WeightsError(f"more than {_LARGEST >> 20} MB: no file of the manifest is that large")
        yield piece


def _spool(pieces: Iterable[bytes], folder: Path) -> tuple[Path, str]:
    """The bytes in a temporary file of `folder`, flushed to the disk, and their hash."""
    digest = hashlib.sha256()
    handle, name = tempfile.mkstemp(dir=folder, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as written:
            for piece in _limited(pieces):
                digest.update(piece)
                written.write(piece)
            written.flush()
            os.fsync(written.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name), digest.hexdigest()


def place(pieces: Iterable[bytes], card: Card, folder: Path) -> Path:
    """Write a card's file whole or not at all, and only if its hash is the card's. Raises `WeightsError`."""
    folder.mkdir(parents=True, exist_ok=True)
    spooled, digest = _spool(pieces, folder)
    if digest != card.sha256:
        spooled.unlink()
        raise WeightsError(f"{card.name}: SHA-256 {digest} is not the manifest's {card.sha256}; nothing was installed")
    spooled.chmod(0o644)
    return spooled.replace(folder / card.file)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while piece := opened.read(_CHUNK):
            yield piece


def _fetch(address: str) -> Iterator[bytes]:
    if urllib.parse.urlsplit(address).scheme != "https":
        raise WeightsError(f"{address}: only https addresses and folders are taken")
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - the scheme is checked above
            while piece := answer.read(_CHUNK):
                yield piece
    except (urllib.error.URLError, TimeoutError) as error:
        raise WeightsError(f"{address}: cannot be fetched: {error}") from error


def copy_in(source: Path, card: Card, folder: Path) -> Path:
    """Install one file from the disk."""
    return place(_read(source), card, folder)


def fetch_in(address: str, card: Card, folder: Path) -> Path:
    """Install one file from an https address."""
    return place(_fetch(address), card, folder)

"""Making a backup, looking whether it is good, and restoring it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from collector.backup import database, sealed
from collector.errors import BackupError
from collector.store.engine import is_sqlite

DATABASE = "database"
MANIFEST = "manifest.json"
PLAIN = "plain.tar"
PARTIAL = ".partial"
LOCK = ".siperlu-lock"
NAME = "siperlu-{at:%Y%m%dT%H%M%SZ}.backup"
SCRATCH = ".siperlu-plain-"
"""What lies in such a folder is not encrypted."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, by name, and when the backup was made, as it says itself."""

    parts: tuple[str, ...]
    at: str


def make(url: str, parts: Mapping[str, Path], folder: Path, passphrase: str, now: datetime) -> Path:
    """Write one encrypted file with the database and these files and folders, and read it back; its path.

    Raises BackupError, OSError; then no file of that name is there.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / NAME.format(at=now)
    draft = target.with_suffix(PARTIAL)
    with _alone(folder):
        try:
            with _scratch(folder) as scratch:
                plain = scratch / PLAIN
                _pack(url, parts, scratch, plain, now)
                with plain.open("rb") as source, _private(draft) as out:
                    sealed.seal(source, out, passphrase)
                    out.flush()
                    os.fsync(out.fileno())
            with _scratch(folder) as scratch:
                _opened(draft, passphrase, scratch)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    return target


def verify(path: Path, passphrase: str) -> dict[str, str]:
    """Decrypt a backup and hold every file in it against its manifest, which is given back. Raises BackupError."""
    with _alone(path.parent), _scratch(path.parent) as scratch:
        return _opened(path, passphrase, scratch)


def restore(path: Path, url: str, parts: Mapping[str, Path], passphrase: str) -> Restored:
    """Put everything back where it belongs. Nothing that is there is written over: BackupError."""
    there = [str(part) for part in parts.values() if part.is_file() or (part.is_dir() and any(part.iterdir()))]
    if there:
        raise BackupError(f"{', '.join(there)}: there already; restore onto a new centre, or move them away first")
    with _alone(path.parent), _scratch(path.parent) as folder:
        manifest = _opened(path, passphrase, folder)
        if manifest["kind"] != _kind(url):
            raise BackupError(
                f"the backup is of {manifest['kind']} and store.url names {_kind(url)}: set the same kind"
            )
        database.load(url, folder / DATABASE)
        with tarfile.open(folder / PLAIN) as packed:
            owners = {member.name: member for member in packed.getmembers()}
        for name, part in parts.items():
            _put(folder, name, part, owners)
    return Restored((DATABASE, *parts), manifest["at"])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else backs up or restores there; what a power cut left of those before, every key unencrypted, goes first.

    A file is locked, not the folder: on a network's file system only what is open for writing can be.
    """
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(
                f"{folder}: a backup or a restore is at work there: let it end, then try again"
            ) from error
        for left in folder.glob(f"{SCRATCH}*"):
            shutil.rmtree(left)
        for left in folder.glob(f"siperlu-*{PARTIAL}"):
            left.unlink()
        yield
    finally:
        os.close(handle)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder) as path:
        yield Path(path)


def rotate(folder: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep`; which were deleted."""
    found = sorted(folder.glob("siperlu-*.backup"))
    old = found[: max(0, len(found) - keep)]
    for path in old:
        path.unlink()
    return old


def _pack(url: str, parts: Mapping[str, Path], scratch: Path, plain: Path, now: datetime) -> None:
    dump = scratch / DATABASE
    database.dump(url, dump)
    files = {DATABASE: dump}
    for name, part in parts.items():
        if part.is_dir():
            files |= {f"{name}/{one.relative_to(part)}": one for one in sorted(part.rglob("*")) if one.is_file()}
        elif part.is_file():
            files[name] = part
    digests = {f"sha256 {name}": _digest(one) for name, one in files.items()}
    manifest = scratch / MANIFEST
    manifest.write_text(json.dumps({"at": now.isoformat(), "kind": _kind(url), **digests}))
    with tarfile.open(plain, "w", format=tarfile.PAX_FORMAT) as packed:
        for name, one in {MANIFEST: manifest, **files}.items():
            packed.add(one, name, recursive=False)


def _opened(path: Path, passphrase: str, folder: Path) -> dict[str, str]:
    plain = folder / PLAIN
    try:
        with path.open("rb") as source, plain.open("wb") as out:
            sealed.unseal(source, out, passphrase)
        _unpack(plain, folder)
        manifest: dict[str, str] = json.loads((folder / MANIFEST).read_text())
    except (OSError, tarfile.TarError, ValueError) as error:
        if isinstance(error, BackupError):
            raise
        raise BackupError(f"{path}: cannot be read ({error}); take another copy") from error
    for entry, wanted in manifest.items():
        kind, _, name = entry.partition(" ")
        if kind == "sha256" and _digest(folder / name) != wanted:
            raise BackupError(f"{path}: {name} in it is damaged; take another copy")
    return manifest


def _unpack(plain: Path, folder: Path) -> None:
    """Files alone, under names that stay in the folder: Debian 12's Python has no filter for this yet."""
    with tarfile.open(plain) as packed:
        for member in packed.getmembers():
            target = folder / member.name
            content = packed.extractfile(member) if member.isreg() and ".." not in target.parts else None
            if content is None or not target.is_relative_to(folder):
                raise BackupError(f"{member.name[:80]!r} is no file of a backup; take another copy")
            target.parent.mkdir(parents=True, exist_ok=True)
            with _private(target) as out:
                shutil.copyfileobj(content, out)


def _put(folder: Path, name: str, target: Path, owners: Mapping[str, tarfile.TarInfo]) -> None:
    """Owner, by name, and mode come with the files where this runs as root."""
    for entry, member in owners.items():
        if entry != name and not entry.startswith(f"{name}/"):
            continue
        place = target / entry.removeprefix(name).lstrip("/") if entry != name else target
        place.parent.mkdir(mode=0o751, parents=True, exist_ok=True)
        with _private(place) as out:
            out.write((folder / entry).read_bytes())
            os.fchmod(out.fileno(), member.mode & 0o777)
        if os.geteuid() == 0:
            with suppress(LookupError):  # the installation mends what the new machine does not know
                shutil.chown(place, member.uname or 0, member.gname or 0)


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _kind(url: str) -> str:
    return "sqlite" if is_sqlite(url) else "postgresql"

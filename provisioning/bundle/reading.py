"""Opening a bundle: nothing of it is used before all of it is what the sealed manifest says."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from provisioning.errors import BundleError
from wire.errors import WireError
from wire.release import MANIFEST, MAX_MANIFEST_BYTES, Release, ReleaseFile, open_manifest
from wire.seals import Keyring

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose seal and every byte hold."""

    path: Path
    release: Release
    sealed: bytes

    def unpack(self, target: str, folder: Path) -> list[ReleaseFile]:
        """Write the manifest and the files of one system into a folder, synced; gives those files.

        Raises BundleError for a system that it is not made for, and for a file that changed since it was opened.
        """
        if target not in self.release.targets:
            made = ", ".join(sorted(self.release.targets)) or "none"
            raise BundleError(
                f"{self.path.name}: not made for {target}, only for {made}; build it with --target {target}"
            )
        wanted = {file.path: file for file in self.release.of(target)}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).write_bytes(self.sealed)
        with _readable(self.path):
            for file, stream in _members(self.path, self.release):
                if file.path in wanted:
                    _write(folder / file.path, file, stream)
        return list(wanted.values())


def open_bundle(path: Path, ring: Keyring) -> Bundle:
    """A bundle, checked whole. Raises BundleError that names what is wrong with it."""
    try:
        sealed = _manifest(path)
        release = open_manifest(sealed, ring)
    except (OSError, tarfile.TarError, EOFError) as error:
        raise BundleError(f"{path}: not a release bundle ({type(error).__name__}: {error}); fetch it again") from error
    except WireError as error:
        raise BundleError(
            f"{path}: {error}; it is not from whoever holds the release key: do not install it"
        ) from error
    with _readable(path):
        for file, stream in _members(path, release):
            _check(file, stream, path)
    return Bundle(path, release, sealed)


def _manifest(path: Path) -> bytes:
    with tarfile.open(path, "r:") as archive:
        first = archive.next()
        if first is None or first.name != MANIFEST or not first.isreg() or first.size > MAX_MANIFEST_BYTES:
            raise BundleError(f"{path}: its first member is not {MANIFEST}: this is no release bundle")
        stream = archive.extractfile(first)
        assert stream is not None  # a regular file
        return stream.read()


def _members(path: Path, release: Release) -> Iterator[tuple[ReleaseFile, IO[bytes]]]:
    """The files in the manifest's order; anything else in the archive is an error."""
    with tarfile.open(path, "r:") as archive:
        archive.next()
        for file in release.files:
            member = archive.next()
            if member is None:
                raise BundleError(f"{path}: ends before {file.path}; fetch it again")
            if member.name != file.path or not member.isreg() or member.size != file.size:
                raise BundleError(f"{path}: {member.name[:100]!r} stands where {file.path} should: do not install it")
            stream = archive.extractfile(member)
            assert stream is not None  # a regular file
            yield file, stream
        if archive.next() is not None:
            raise BundleError(f"{path}: holds more than its manifest names: do not install it")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """An archive that ends in the middle of a file says so only to whoever reads that file."""
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise BundleError(f"{path}: cannot be read to its end ({error}); fetch it again") from error


def _check(file: ReleaseFile, stream: IO[bytes], path: Path) -> None:
    found = hashlib.sha256()
    while piece := stream.read(PIECE):
        found.update(piece)
    if found.hexdigest() != file.sha256:
        raise BundleError(f"{path}: {file.path} is not what the manifest says: do not install it, fetch it again")


def _write(target: Path, file: ReleaseFile, stream: IO[bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    found = hashlib.sha256()
    with target.open("wb") as out:
        while piece := stream.read(PIECE):
            found.update(piece)
            out.write(piece)
    if found.hexdigest() != file.sha256:
        target.unlink()
        raise BundleError(f"{file.path} changed while it was unpacked: the disk or the stick is failing")

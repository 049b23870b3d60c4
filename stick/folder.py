"""The files of a stick, opened step by step from its root so that no link on it leads anywhere."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from stick.errors import FullError, NotMarkedError, StickError
from wire.errors import ContractError
from wire.release import MAX_BUNDLE_BYTES
from wire.stick import (
    MARKED,
    MARKER,
    MAX_MARKER_BYTES,
    STICK_MARKER,
    Carried,
    Place,
    Side,
    bundle_version,
    is_kiosk,
    read_lines,
    write_line,
)

PIECE = 1 << 20
"""Bytes of a write: a kiosk mounts a stick `sync`, and each write waits for the stick and its table of files."""
MOST_NAMES = 10_000
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a pipe in place of a file must not make us wait for its other end.
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
DRAFT = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StickFolder:
    """A mounted stick, or any folder that stands for one. Every method raises StickError."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises StickError; NotMarkedError when it has no marker."""
        self._path = path
        with self._translated("."):
            self._root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._check_marker()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of it; twice is fine."""
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def kiosks(self, side: Side) -> list[str]:
        """Kiosks that have a folder on this side, by name."""
        return [name for name in self._names(side) if is_kiosk(name)]

    def bundles(self, kiosk: str) -> list[str]:
        """Versions whose bundle lies here for a kiosk."""
        return [version for name in self._names("to", kiosk) if (version := bundle_version(name))]

    def messages(self, place: Place, passed: Callable[[], object] = lambda: None) -> Iterator[Carried]:
        """The messages of a part, as bytes that nobody has verified; none when there is no such file. `passed` is called for
        each line that is no message, or was cut off."""
        if place.part is None:
            raise ValueError("a bundle holds no messages")
        file = self.open(place)
        if file is not None:
            with file, self._translated(place.steps[-1]):
                yield from read_lines(place.part, place.kiosk, file.readline, passed)

    def open(self, place: Place) -> BinaryIO | None:
        """A file for reading; None when it is not there. Raises StickError for what is no plain file or is too large."""
        *folders, name = place.steps
        with self._translated("/".join(place.steps)):
            try:
                with self._folder(*folders) as folder:
                    handle = os.open(name, READ, dir_fd=folder)
            except FileNotFoundError:
                return None
        found = os.fstat(handle)
        most = place.part.most if place.part else MAX_BUNDLE_BYTES
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            os.close(handle)
            raise StickError(f"{'/'.join(place.steps)} on the stick is no plain file of at most {most} bytes")
        return os.fdopen(handle, "rb")

    def write(self, place: Place, messages: Iterable[Carried]) -> int:
        """Put messages into a part, in place of what was there; gives how many. Raises FullError: then the old file stands."""
        part = place.part
        if part is None:
            raise ValueError("a bundle holds no messages")
        count = size = 0

        def pieces() -> Iterator[bytes]:
            nonlocal count, size
            for message in messages:
                line = write_line(part, message)
                size += len(line)
                if size > part.most:
                    return  # what is left is due the next time
                count += 1
                yield line

        self._replace(place, pieces())
        return count

    def copy(self, place: Place, file: BinaryIO) -> None:
        """Put a file there as it is. Raises FullError: then the old one stands."""
        self._replace(place, iter(lambda: file.read(PIECE), b""))

    def _replace(self, place: Place, pieces: Iterable[bytes]) -> None:
        """Under another name first, on the disk, and only then under its own: pulled out at any moment, a file is whole."""
        *folders, name = place.steps
        draft = f"{name}.new"
        with self._translated("/".join(place.steps)), self._folder(*folders, make=True) as folder:
            with suppress(FileNotFoundError):
                os.unlink(draft, dir_fd=folder)
            try:
                with os.fdopen(os.open(draft, DRAFT, 0o644, dir_fd=folder), "wb", buffering=PIECE) as file:
                    for piece in pieces:
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
                os.fsync(folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(draft, dir_fd=folder)
                raise

    def _check_marker(self) -> None:
        try:
            with os.fdopen(os.open(MARKER, READ, dir_fd=self._root), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise NotMarkedError(f"{MARKER} on the stick is no plain file")
                STICK_MARKER.decode(file.read(MAX_MARKER_BYTES))
        except FileNotFoundError as error:
            raise NotMarkedError(f"{self._path} holds no {MARKER}: it is not a stick of ours") from error
        except ContractError as error:
            raise NotMarkedError(f"{MARKER} on the stick cannot be read: {error}") from error
        except OSError as error:
            raise NotMarkedError(f"{MARKER} on the stick cannot be opened: {error.strerror or error}") from error

    def _names(self, *steps: str) -> list[str]:
        with self._translated("/".join(steps)):
            try:
                with self._folder(*steps) as folder, os.scandir(folder) as entries:
                    names = []
                    for entry in entries:
                        names.append(entry.name)
                        if len(names) > MOST_NAMES:
                            raise StickError(f"{'/'.join(steps)} on the stick holds more than {MOST_NAMES} names")
                    return sorted(names)
            except FileNotFoundError:
                return []

    @contextmanager
    def _folder(self, *steps: str, make: bool = False) -> Iterator[int]:
        """A folder below the root, each step opened from the one before."""
        handle = os.dup(self._root)
        try:
            for step in steps:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(step, 0o755, dir_fd=handle)
                below = os.open(step, FOLDER, dir_fd=handle)
                os.close(handle)
                handle = below
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except StickError:
            raise
        except OSError as error:
            kind = FullError if error.errno in FULL else StickError
            raise kind(f"{what} on the stick: {error.strerror or error}") from error


def mark(path: Path) -> None:
    """Make a folder a stick of ours. Raises StickError."""
    try:
        handle = os.open(path / MARKER, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(STICK_MARKER.encode(MARKED) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StickError(f"{path} cannot be marked: {error.strerror or error}") from error

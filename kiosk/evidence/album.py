"""Where pictures wait for the centre: one file each, under its digest, in a folder that the kiosk process alone writes.

They are encrypted to the centre before they come here, so that a stolen card shows nobody. Space and age are bounded, the
oldest goes first, and none is kept where the ledger could come to lack room.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from kiosk.files import sync
from kiosk.settings import EvidenceSettings
from wire.pictures import MAX_BLOB_BYTES

log = logging.getLogger(__name__)

FOLDER = "evidence"
DRAFT = ".new"
MIB = 1 << 20
DAY_S = 86_400.0
_NAME = re.compile(r"[0-9a-f]{64}")


class AlbumReader:
    """Looks into the album in the ledger's folder, from whatever process."""

    def __init__(self, ledger: Path) -> None:
        self._folder = ledger / FOLDER

    def waiting(self) -> list[str]:
        """Digests of the pictures, the oldest first; none where there is no such folder."""
        return [name for _, _, name in self._listed()]

    def read(self, digest: str) -> str | None:
        """A sealed picture; None when it is gone, or is no plain file of its size."""
        try:
            handle = os.open(self._folder / digest, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as file:
                found = file.read(MAX_BLOB_BYTES + 1)
        except OSError:
            return None
        return found.decode("ascii", "replace") if 0 < len(found) <= MAX_BLOB_BYTES else None

    def _listed(self) -> list[tuple[float, int, str]]:
        """Time, bytes and name of each, by time."""
        try:
            with os.scandir(self._folder) as entries:
                found = [_row(entry) for entry in entries if _NAME.fullmatch(entry.name)]
        except OSError:
            return []
        return sorted(row for row in found if row is not None)


class Album(AlbumReader):
    """Keeps pictures, and lets them go. Any thread may call it."""

    def __init__(self, ledger: Path, settings: EvidenceSettings, free: Callable[[Path], int] | None = None) -> None:
        """`free`: bytes free where a folder lies."""
        super().__init__(ledger)
        self._most = settings.most_mib * MIB
        self._reserve = settings.free_mib * MIB
        self._keep_s = settings.keep_days * DAY_S
        self._free = free or (lambda folder: shutil.disk_usage(folder).free)

    def keep(self, digest: str, sealed: str) -> bool:
        """Put a picture on the disk, letting older ones go for it. False where there is no room: the ledger needs it more.

        Raises OSError.
        """
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._shrink(len(sealed))
        if self._free(self._folder) < self._reserve + len(sealed):
            return False
        draft = self._folder / DRAFT  # the same name each time: what a power cut leaves is written over
        draft.write_bytes(sealed.encode("ascii"))
        sync(draft)
        draft.rename(self._folder / digest)
        return True

    def remove(self, digests: Iterable[str]) -> int:
        """Let pictures go, as the centre has them or will not have them; how many were here. Raises OSError."""
        gone = 0
        for digest in digests:
            if _NAME.fullmatch(digest):
                try:
                    (self._folder / digest).unlink()
                except FileNotFoundError:
                    continue
                gone += 1
        return gone

    def tidy(self, now: float | None) -> int:
        """Let go what is older than it may be at `now` (seconds since 1970; None while the time is not known), and all of
        it where the disk runs short; how many went. Raises OSError."""
        if not self._folder.exists():
            return 0
        listed = self._listed()
        old = [name for at, _, name in listed if now is not None and now - at > self._keep_s]
        if self._free(self._folder) < self._reserve:
            old = [name for _, _, name in listed]
        gone = self.remove(old)
        if gone:
            log.warning("%d pictures let go unsent: too old, or the disk is short of room", gone)
        return gone

    def _shrink(self, coming: int) -> None:
        listed = self._listed()
        total = sum(size for _, size, _ in listed) + coming
        for _, size, name in listed:
            if total <= self._most:
                return
            self.remove([name])
            total -= size


def _row(entry: os.DirEntry[str]) -> tuple[float, int, str] | None:
    try:
        stat = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return stat.st_mtime, stat.st_size, entry.name

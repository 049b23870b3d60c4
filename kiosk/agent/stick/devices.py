"""USB sticks as Linux shows them: found under /sys, mounted so that nothing on them can run, be a device or lead away."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, Protocol

from stick import StickError, StickFolder

SYS, DEV = Path("/sys/block"), Path("/dev")
KINDS: Final = "vfat,exfat"
"""File systems that are believed to survive a hostile stick: small drivers, and no links or devices in them."""
GUARDS: Final = "noexec,nosuid,nodev,nosymfollow,sync"
LIMIT_S = 60.0
UNMOUNT_TRIES = 5


class Sticks(Protocol):
    """The sticks that are plugged in, real or for tests."""

    def present(self) -> frozenset[str]:
        """A name for each file system on a stick; another stick in the same socket has another one."""
        ...

    def mounted(self, stick: str) -> AbstractContextManager[Path]:
        """The folder of a marked stick, to read and write; all is on it, and it may be pulled out, when the context ends.

        Raises stick.StickError, stick.NotMarkedError.
        """
        ...


class LinuxSticks:
    """Removable disks that hang on USB."""

    def __init__(self, point: Path, sys: Path = SYS, dev: Path = DEV, kinds: str = KINDS) -> None:
        self._point = point
        self._sys = sys
        self._dev = dev
        self._kinds = kinds

    def present(self) -> frozenset[str]:
        """As `Sticks.present`: `<device>:<number of the disk since boot>`."""
        try:
            disks = [disk for disk in self._sys.iterdir() if _read(disk / "removable") == "1" and _on_usb(disk)]
            return frozenset(
                f"{name}:{_read(disk / 'diskseq')}"
                for disk in disks
                if _read(disk / "size") not in {"", "0"}  # a card reader without a card
                for name in _volumes(disk)
            )
        except OSError:  # pulled out while it was looked at
            return frozenset()

    @contextmanager
    def mounted(self, stick: str) -> Iterator[Path]:
        """As `Sticks.mounted`. Nothing is written before the marker was seen."""
        device = self._dev / stick.partition(":")[0]
        self._point.mkdir(mode=0o700, parents=True, exist_ok=True)
        _run("mount", "-n", "-t", self._kinds, "-o", f"ro,{GUARDS}", str(device), str(self._point))
        try:
            StickFolder(self._point).close()
            _run("mount", "-n", "-o", f"remount,rw,{GUARDS}", str(self._point))
            yield self._point
        finally:
            self._unmount()

    def _unmount(self) -> None:
        for left in reversed(range(UNMOUNT_TRIES)):
            try:
                _run("umount", "-n", str(self._point))
            except StickError:
                if not left:
                    raise
                time.sleep(0.5)
            else:
                return


def _volumes(disk: Path) -> list[str]:
    """The partitions of a disk, or the disk itself when it has none."""
    parts = sorted(path.name for path in disk.iterdir() if (path / "partition").exists())
    return parts or [disk.name]


def _on_usb(disk: Path) -> bool:
    return any(part.startswith("usb") for part in disk.resolve().parts)


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _run(program: str, *arguments: str) -> None:
    try:
        words = [f"/usr/bin/{program}", *arguments]
        subprocess.run(words, check=True, capture_output=True, text=True, timeout=LIMIT_S)  # noqa: S603 - fixed words
    except subprocess.CalledProcessError as error:
        raise StickError(f"{program}: {error.stderr.strip()[:200] or error.returncode}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StickError(f"{program}: {error}") from error

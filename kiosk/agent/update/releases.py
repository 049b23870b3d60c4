"""The releases on the disk and the link that says which one runs. Every change is whole or not at all, and synced."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from kiosk.agent.system import System
from kiosk.files import sync
from provisioning.bundle import Bundle
from wire.errors import ContractError
from wire.release import MANIFEST, Release, open_manifest, order
from wire.seals import Keyring, digest

COMPLETE = ".complete"
KEPT = 2
"""Releases that stay: the one that runs and the one before it."""


@dataclass(frozen=True, slots=True)
class Releases:
    """`<root>/releases/<version>`, and the link `<root>/current` to one of them."""

    root: Path

    @property
    def current(self) -> str:
        """Version that the link names; empty without one."""
        try:
            return self._link.readlink().name
        except OSError:
            return ""

    def whole(self, version: str, bundle: Bundle | None = None) -> bool:
        """Whether a release is installed to its end, and from this very bundle where one is given."""
        try:
            mark = (self._folder(version) / COMPLETE).read_text("ascii")
        except (OSError, ValueError):
            return False
        return bundle is None or mark.strip() == digest(bundle.sealed)

    def manifest(self, version: str, ring: Keyring) -> Release:
        """What an installed release says of itself. Raises OSError, WireError."""
        return open_manifest((self._folder(version) / MANIFEST).read_bytes(), ring)

    def install(self, bundle: Bundle, target: str, system: System) -> None:
        """Install beside the others; what is half there from before is made anew, and what fails leaves nothing behind.

        Raises OSError, BundleError, SystemFailed.
        """
        folder = self._folder(bundle.release.version)
        source = folder.with_name(f".{folder.name}.source")
        _remove(source, folder)
        try:
            self._install(bundle, target, system, source)
        except BaseException:
            _remove(source, folder)
            raise

    def _install(self, bundle: Bundle, target: str, system: System, source: Path) -> None:
        folder = self._folder(bundle.release.version)
        bundle.unpack(target, source)
        system.install(folder, sorted(source.glob("wheels/*/*.whl")))
        shutil.copy(source / MANIFEST, folder / MANIFEST)
        shutil.rmtree(source)
        os.sync()  # thousands of files: one barrier for all of them, before the mark that says they are whole
        (folder / COMPLETE).write_text(digest(bundle.sealed), encoding="ascii")
        sync(folder / COMPLETE)
        sync(folder)

    def switch(self, version: str) -> None:
        """Let the link name this release, in one rename. Raises OSError."""
        draft = self._link.with_name(".current.next")
        draft.unlink(missing_ok=True)
        draft.symlink_to(self._folder(version))
        draft.replace(self._link)
        sync(self._link.parent)

    def prune(self, keep: set[str]) -> None:
        """Remove releases but these and the newest others, KEPT in all."""
        found = [path.name for path in (self.root / "releases").iterdir() if path.is_dir()]
        others = sorted((name for name in found if name not in keep), key=_age, reverse=True)
        for name in others[max(0, KEPT - len(keep)) :]:
            _remove(self._folder(name))

    @property
    def _link(self) -> Path:
        return self.root / "current"

    def _folder(self, version: str) -> Path:
        return self.root / "releases" / version


def _remove(*folders: Path) -> None:
    """The mark goes first: what a power cut leaves of the rest is not taken for a whole release."""
    for folder in folders:
        (folder / COMPLETE).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def _age(name: str) -> tuple[object, ...]:
    """Newer versions are greater; what is no version is the oldest."""
    try:
        return (1, *order(name))
    except ContractError:
        return (0,)

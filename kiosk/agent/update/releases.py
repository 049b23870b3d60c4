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
from wire.release import MANIFEST, order
from wire.seals import digest

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

    def whole(self, version: str) -> bool:
        """Whether a release is installed to its end."""
        return (self._folder(version) / COMPLETE).exists()

    def install(self, bundle: Bundle, target: str, system: System) -> None:
        """Install beside the others; what is half there from before is made anew. Raises OSError, BundleError, SystemFailed."""
        folder = self._folder(bundle.release.version)
        source = folder.with_name(f".{folder.name}.source")
        for stale in (source, folder):
            shutil.rmtree(stale, ignore_errors=True)
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
            shutil.rmtree(self._folder(name), ignore_errors=True)

    @property
    def _link(self) -> Path:
        return self.root / "current"

    def _folder(self, version: str) -> Path:
        return self.root / "releases" / version


def _age(name: str) -> tuple[object, ...]:
    """Newer versions are greater; what is no version is the oldest."""
    try:
        return (1, *order(name))
    except ContractError:
        return (0,)

"""The shelf of releases: a folder from which the TLS front hands bundles to kiosks that have a certificate of ours."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from collector.errors import OrderError
from provisioning.bundle import open_bundle
from provisioning.errors import BundleError
from wire.errors import ContractError
from wire.release import Release, file_name, order
from wire.seals import Keyring

PUBLIC = 0o644
"""The front's own user reads them; a release holds no secret."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Bundles in a folder, one of each version."""

    folder: Path

    def put(self, bundle: Path, ring: Keyring) -> Release:
        """Lay a copy of a genuine bundle there, whole before anybody sees it.

        Raises OrderError for one that no key of `ring` sealed, and when that version lies there with other bytes: kiosks have it.
        """
        try:
            opened = open_bundle(bundle, ring)
        except BundleError as error:
            raise OrderError(str(error)) from error
        target = self.folder / file_name(opened.release.version)
        if _manifest(target, ring) not in {None, opened.sealed}:
            raise OrderError(
                f"version {opened.release.version} lies there already, and is another release: give the new one a new version"
            )
        self._copy(bundle, target)
        return opened.release

    def remove(self, version: str) -> None:
        """Take a version away. Raises OrderError when there is none."""
        try:
            (self.folder / file_name(version)).unlink()
        except (FileNotFoundError, ContractError) as error:
            held = ", ".join(self.versions()) or "none"
            raise OrderError(f"no release {version[:40]!r} lies there; there are: {held}") from error

    def versions(self) -> list[str]:
        """What lies there, the newest first."""
        names = [path.name.removeprefix("siperlu-").removesuffix(".tar") for path in self.folder.glob("siperlu-*.tar")]
        return sorted(filter(_is_version, names), key=order, reverse=True)

    def _copy(self, bundle: Path, target: Path) -> None:
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = target.with_name(f".{secrets.token_hex(8)}")
        try:
            with bundle.open("rb") as source, draft.open("xb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
                copy.flush()
                os.fsync(copy.fileno())
            draft.chmod(PUBLIC)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


def _manifest(bundle: Path, ring: Keyring) -> bytes | None:
    """The sealed manifest of what lies there; None for nothing, and for what is no release (any more)."""
    try:
        return open_bundle(bundle, ring).sealed
    except BundleError:
        return None


def _is_version(text: str) -> bool:
    try:
        order(text)
    except ContractError:
        return False
    return True

"""Making a bundle: files in one order with one date, so that the same files give the same bytes."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from provisioning.errors import BundleError
from wire.errors import ContractError
from wire.jwks import PublicJwk
from wire.release import MANIFEST, OWNER, RELEASE, Release, ReleaseFile, Target, open_manifest
from wire.seals import Keyring, Sealed, SealingKey

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a release is said to be; its files come from a folder."""

    version: str
    floor: str
    at: datetime
    schema: int
    next_keys: tuple[PublicJwk, ...] = ()


def write_bundle(out: Path, recipe: Recipe, files: Mapping[str, tuple[Path, Target]], key: SealingKey) -> Release:
    """Write a bundle of these files, by their names in it. Raises BundleError.

    It is written beside and renamed: a bundle that is there is whole.
    """
    if key.public.name.owner != OWNER:
        raise BundleError(f"key {key.public.name} is not a release key: make one with `siperlu release keygen`")
    release = _release(recipe, files)
    sealed = key.seal(Sealed.RELEASE, RELEASE.encode(release)).encode("ascii")
    try:
        open_manifest(sealed, Keyring([key.public]))
    except ContractError as error:
        raise BundleError(f"the release cannot be as it is asked for: {error}") from error
    draft = out.with_name(f".{out.name}.draft")
    with tarfile.open(draft, "w:", format=tarfile.GNU_FORMAT) as archive:
        _add(archive, MANIFEST, io.BytesIO(sealed), len(sealed), recipe.at)
        for file in release.files:
            with files[file.path][0].open("rb") as content:
                _add(archive, file.path, content, file.size, recipe.at)
    draft.replace(out)
    return release


def collected(folders: Iterable[tuple[Path, str, Target]]) -> dict[str, tuple[Path, Target]]:
    """All files of some folders: (folder, name of it in the bundle, system)."""
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": (path, target)
        for folder, name, target in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _release(recipe: Recipe, files: Mapping[str, tuple[Path, Target]]) -> Release:
    listed = [
        ReleaseFile(path=name, sha256=_digest(path), size=path.stat().st_size, target=target)
        for name, (path, target) in sorted(files.items())
    ]
    return Release(
        version=recipe.version,
        floor=recipe.floor,
        at=recipe.at,
        schema=recipe.schema,
        files=tuple(listed),
        next_keys=recipe.next_keys,
    )


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as content:
        while piece := content.read(PIECE):
            found.update(piece)
    return found.hexdigest()


def _add(archive: tarfile.TarFile, name: str, content: io.BufferedIOBase, size: int, at: datetime) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, int(at.timestamp()), 0o644
    archive.addfile(member, content)

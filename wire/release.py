"""A software release: what is in it, for which systems, and down to which version one may go back.

The manifest is sealed by IT's release key, which never is on a kiosk or at the centre. Pure: files are named here, not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from wire.codec import Codec
from wire.errors import ContractError
from wire.jwks import PublicJwk
from wire.seals import Keyring, Sealed
from wire.types import Count, Digest, Instant

OWNER = "release"
MANIFEST = "release.jws"
"""First member of a bundle."""

MAX_MANIFEST_BYTES = 1_048_576
MAX_FILES = 2000
MAX_BUNDLE_BYTES = 4_294_967_296

Version = Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,6}){1,3}((a|b|rc)[0-9]{1,4})?$")]
"""As PEP 440 writes a release: numbers with dots, and perhaps a1, b1, rc1."""

Target = Literal["any", "bookworm-amd64", "bookworm-arm64", "trixie-amd64", "trixie-arm64"]
"""Debian's name and architecture."""

Path = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+@-]*){0,4}$", max_length=200)
]
"""A relative name; no part begins with a dot, so none leads out of the folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """One file: its name in the bundle, its bytes, and the systems that need it."""

    path: Path
    sha256: Digest
    size: Annotated[int, Field(ge=0, le=MAX_BUNDLE_BYTES)]
    target: Target = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release. `floor`: no version below it may be installed after this one. `schema`: head of the kiosk's own databases that
    it writes, so that a return to an older release knows whether that one can read them. `next_keys`: further release keys."""

    version: Version
    floor: Version
    at: Instant
    schema: Count
    files: Annotated[tuple[ReleaseFile, ...], Field(min_length=1, max_length=MAX_FILES)]
    next_keys: Annotated[tuple[PublicJwk, ...], Field(max_length=4)] = ()

    def of(self, target: str) -> tuple[ReleaseFile, ...]:
        """The files that a system needs, in order."""
        return tuple(file for file in self.files if file.target in {"any", target})

    @property
    def targets(self) -> frozenset[str]:
        """The systems it is made for."""
        return frozenset(file.target for file in self.files) - {"any"}


RELEASE: Codec[Release] = Codec("release", Release)


def file_name(version: str) -> str:
    """Name of a bundle's file, at the centre, on a stick and at the kiosk. Raises ContractError for what is no version."""
    order(version)
    return f"siperlu-{version}.tar"


def open_manifest(sealed: bytes, ring: Keyring) -> Release:
    """A sealed manifest, once size, seal and contract hold. Raises WireError."""
    if len(sealed) > MAX_MANIFEST_BYTES:
        raise ContractError(f"release manifest: {len(sealed)} bytes, at most {MAX_MANIFEST_BYTES}")
    key = ring.find(sealed)
    if key.name.owner != OWNER:
        raise ContractError(f"release manifest: sealed by {key.name}, not by a release key")
    release = RELEASE.decode(key.verify(sealed, Sealed.RELEASE))
    names = [file.path for file in release.files]
    if len(set(names)) != len(names) or MANIFEST in names:
        raise ContractError("release manifest: a name stands in it twice, or is that of the manifest itself")
    if order(release.version) < order(release.floor):
        raise ContractError(f"release manifest: version {release.version} is below its own floor {release.floor}")
    return release


def order(version: str) -> tuple[tuple[int, ...], int, int]:
    """A version as something that can be compared: 1.2rc1 < 1.2 = 1.2.0 < 1.10. Raises ContractError."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6}){1,3})(?:(a|b|rc)([0-9]{1,4}))?", version)
    if found is None:
        raise ContractError(f"version {version[:40]!r} is not numbers with dots, as 1.2.0 or 1.2.0rc1")
    numbers = [int(part) for part in found[1].split(".")]
    while len(numbers) < 4:
        numbers.append(0)
    stage = {"a": 0, "b": 1, "rc": 2, None: 3}[found[2]]
    return tuple(numbers), stage, int(found[3] or 0)

"""Is an export of sealed records whole? Checked with public keys alone, without the centre and its database."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from collector.errors import ReportError
from collector.recap.export import CENTRE_KEYS, MANIFEST, MANIFEST_CODEC, Manifest, Span
from wire.chain import Head, verify_chain
from wire.errors import WireError
from wire.jwks import KEY_SET, KeySet
from wire.records import MAX_SEALED_BYTES
from wire.seals import KeyName, Keyring, PublicKey, Sealed

MAX_PART = 64 * 2**20
MAX_LINE = MAX_SEALED_BYTES + 2


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing that is wrong with a chain, and the number of the record it is wrong with."""

    kiosk: str
    chain: str
    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What an export holds and what is wrong with it. `centre`: thumbprints of the centre's keys inside it; `vouched`:
    the manifest's seal was checked with keys from elsewhere, not with those inside."""

    manifest: Manifest
    centre: tuple[str, ...]
    vouched: bool
    broken: tuple[Broken, ...]

    @property
    def records(self) -> int:
        """How many sealed texts the manifest names."""
        return sum(span.count for span in self.manifest.chains)


def check(path: Path, keys: Keyring | None) -> Checked:
    """Check an export. `keys`: the centre's, from elsewhere; None takes those inside, which proves wholeness, not origin.

    Raises ReportError when it is no export, or its manifest is not the centre's.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _check(archive, keys)
    except (zipfile.BadZipFile, KeyError, OSError, EOFError, NotImplementedError) as error:
        raise ReportError(f"{path}: no export that can be read ({error}); take a fresh copy") from error
    except WireError as error:
        raise ReportError(f"{path}: not sealed by the centre whose keys were given: {error}") from error


def _check(archive: zipfile.ZipFile, keys: Keyring | None) -> Checked:
    inside = KEY_SET.decode(_part(archive, CENTRE_KEYS))
    ring = inside.keyring() if keys is None else keys
    manifest = MANIFEST_CODEC.decode(ring.verify(_part(archive, MANIFEST), Sealed.EXPORT))
    broken = [fault for span in manifest.chains if (fault := _span(archive, span))]
    thumbprints = tuple(key.thumbprint for key in inside.keys if key.crv == "Ed25519")
    return Checked(manifest, thumbprints, keys is not None, tuple(broken))


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        raw = part.read(MAX_PART + 1)
    if len(raw) > MAX_PART:
        raise ReportError(f"{name}: larger than {MAX_PART // 2**20} MiB; no export has that")
    return raw


def _span(archive: zipfile.ZipFile, span: Span) -> Broken | None:
    """A chain against its key, and against what the manifest says of it."""
    key = _key(archive, span)
    if key is None:
        return Broken(span.kiosk, span.chain, span.first, "its key is not in the export")
    if span.name not in archive.namelist():
        return Broken(span.kiosk, span.chain, span.first, "its records are not in the export")
    start = Head(span.chain, span.first - 1, span.after)
    head, broken = verify_chain(_lines(archive, span.name), key, span.kiosk, start)
    if broken is not None:
        return Broken(span.kiosk, span.chain, broken.seq, broken.reason)
    if head.seq != span.last:
        return Broken(
            span.kiosk, span.chain, head.seq + 1, f"is missing; the export was made with records up to {span.last}"
        )
    return None


def _key(archive: zipfile.ZipFile, span: Span) -> PublicKey | None:
    """A chain is named by the thumbprint of its key, so the key needs no other proof."""
    name = f"keys/{span.kiosk}.jwks"
    keys = KEY_SET.decode(_part(archive, name)) if name in archive.namelist() else KeySet(keys=())
    mine = [key for key in keys.keys if key.crv == "Ed25519" and key.thumbprint == span.chain]
    return PublicKey.from_x(KeyName.parse(mine[0].kid), mine[0].x) if mine else None


def _lines(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    """Sealed texts, one after the other; a line that is longer than any can be is cut, and so does not verify."""
    with archive.open(name) as part:
        while line := part.readline(MAX_LINE):
            yield line.rstrip(b"\n").decode("ascii", "replace")

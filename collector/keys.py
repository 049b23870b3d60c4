"""The centre's own keys: one folder of mode 0700, one JWK file of mode 0600 a key; 0750 and 0640 where several users
seal, who then are one group.

`centre-<n>.jwk` seals everything the centre sends, `box-<n>.jwk` reads what is encrypted to the centre. A higher
number is newer and seals; older ones stay in the public set, so that old and new overlap.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from collector.errors import KeysError
from wire.errors import SealError
from wire.jwks import KeySet, key_set
from wire.seals import DecryptionKey, KeyName, Sealed, SealingKey

CENTRE = "centre"
BOX = "centre/box"

K = TypeVar("K", SealingKey, DecryptionKey)


@dataclass(frozen=True, slots=True)
class CentreKeys:
    """Signing and reading keys, oldest first; there is at least one of each."""

    signing: tuple[SealingKey, ...]
    boxes: tuple[DecryptionKey, ...]

    @classmethod
    def open(cls, folder: Path) -> CentreKeys:
        """Read the keys in `folder`; make folder and keys where there are none. Raises KeysError."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(
                signing=_open_all(folder, "centre", CENTRE, SealingKey.from_private, SealingKey.generate),
                boxes=_open_all(folder, "box", BOX, DecryptionKey.from_private, DecryptionKey.generate),
            )
        except OSError as error:
            if isinstance(error, KeysError):
                raise
            raise KeysError(f"{folder}: {error.strerror or error}; it must belong to the centre's user") from error

    @property
    def public(self) -> KeySet:
        """What kiosks are given, so that they know the centre."""
        return key_set([key.public for key in self.signing], [box.recipient for box in self.boxes])

    def seal(self, kind: Sealed, payload: bytes) -> str:
        """Compact JWS by the newest signing key."""
        return self.signing[-1].seal(kind, payload)


def _open_all(
    folder: Path, stem: str, owner: str, read: Callable[[KeyName, dict[str, str]], K], make: Callable[[KeyName], K]
) -> tuple[K, ...]:
    numbers = sorted(
        int(found[1])
        for path in folder.iterdir()
        if (found := re.fullmatch(rf"{stem}-([1-9]\d{{0,8}})\.jwk", path.name))
    )
    if not numbers:
        _write(folder / f"{stem}-1.jwk", make(KeyName(owner, 1)).private)
        numbers = [1]
    return tuple(_read(folder / f"{stem}-{number}.jwk", KeyName(owner, number), read) for number in numbers)


def _read(path: Path, name: KeyName, read: Callable[[KeyName, dict[str, str]], K]) -> K:
    mode = path.stat().st_mode & 0o777
    if mode & 0o037:
        raise KeysError(f"{path}: mode {mode:04o} lets others read or change a secret key; chmod 600 {path}")
    try:
        return read(name, json.loads(path.read_text("ascii")))
    except (ValueError, AttributeError, SealError) as error:
        raise KeysError(f"{path}: not a private key ({type(error).__name__}); restore it from the backup") from error


def _write(path: Path, secret: dict[str, str]) -> None:
    """Whole or not at all, and never over another: two processes that start at once end with the same key."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(secret, file)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

"""The centre's own keys: one folder of mode 0700, one JWK file of mode 0600 a key; 0750 and 0640 where several users
seal, who then are one group.

`centre-<n>.jwk` seals everything the centre sends, `box-<n>.jwk` reads what is encrypted to the centre. A higher
number is newer and seals; older ones stay in the public set, so that old and new overlap. The sub-folder `vault` has the
keys of what lies encrypted in the database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from collector.errors import KeysError
from collector.keyfiles import numbers_in, read_secret, write_secret
from collector.vault import Vault
from wire.jwks import KeySet, key_set
from wire.seals import DecryptionKey, KeyName, Sealed, SealingKey

CENTRE = "centre"
BOX = "centre/box"

K = TypeVar("K", SealingKey, DecryptionKey)


@dataclass(frozen=True, slots=True)
class CentreKeys:
    """Signing and reading keys, oldest first; there is at least one of each. `vault`: of what the database keeps secret."""

    signing: tuple[SealingKey, ...]
    boxes: tuple[DecryptionKey, ...]
    vault: Vault

    @classmethod
    def open(cls, folder: Path) -> CentreKeys:
        """Read the keys in `folder`; make folder and keys where there are none. Raises KeysError."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(
                signing=_open_all(folder, "centre", CENTRE, SealingKey.from_private, SealingKey.generate),
                boxes=_open_all(folder, "box", BOX, DecryptionKey.from_private, DecryptionKey.generate),
                vault=Vault.open(folder),
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
    numbers = numbers_in(folder, stem)
    if not numbers:
        write_secret(folder / f"{stem}-1.jwk", make(KeyName(owner, 1)).private)
        numbers = [1]
    return tuple(_read(folder / f"{stem}-{number}.jwk", KeyName(owner, number), read) for number in numbers)


def _read(path: Path, name: KeyName, read: Callable[[KeyName, dict[str, str]], K]) -> K:
    return read_secret(path, lambda secret: read(name, secret))

"""What lies encrypted in the database: templates, enrolment pictures, NIK, uploaded files. The keys lie beside the centre's
own, in the folder `vault`: one file of mode 0600 (0640 for a group) a key. A dump of the database opens nothing.

A sealed value is `SPV1`, the key's number (2 bytes, big-endian), the nonce (12 bytes), and AES-256-GCM's output (NIST SP
800-38D). What it is and whose it is, is authenticated with it: a value moved to another row does not open.
"""

from __future__ import annotations

import base64
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from collector.errors import KeysError, VaultError
from collector.keyfiles import numbers_in, read_secret, write_secret

FOLDER = "vault"
MARK = b"SPV1"
KEY_BYTES = 32
NONCE_BYTES = 12
MOST_KEYS = 0xFFFF
_HEAD = struct.Struct(">4sH")


@dataclass(frozen=True, slots=True)
class Vault:
    """Keys by number; the highest seals, the others still open. A random nonce is safe for 2^32 values a key."""

    keys: Mapping[int, AESGCM]

    @classmethod
    def open(cls, centre_keys: Path) -> Vault:
        """Read the keys in the folder `vault` of the centre's keys; make folder and key where there are none.

        Raises KeysError.
        """
        folder = centre_keys / FOLDER
        try:
            centre_keys.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            if not numbers_in(folder, FOLDER):
                write_secret(_file(folder, 1), _new(1))
            return cls({number: read_secret(_file(folder, number), _cipher) for number in numbers_in(folder, FOLDER)})
        except OSError as error:
            if isinstance(error, KeysError):
                raise
            raise KeysError(
                f"{folder}: {error.strerror or error}; as root `siperlu collector keys` makes it, and the group "
                "siperlu-vault must be able to read it"
            ) from error

    @property
    def newest(self) -> int:
        """Number of the key that seals."""
        return max(self.keys)

    @property
    def head(self) -> bytes:
        """The first bytes of every value that the newest key sealed."""
        return _HEAD.pack(MARK, self.newest)

    def seal(self, plain: bytes, what: str) -> bytes:
        """Encrypt; `what` tells what it is and whose, e.g. `template/<person>/<model>`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return self.head + nonce + self.keys[self.newest].encrypt(nonce, plain, what.encode())

    def unseal(self, sealed: bytes, what: str) -> bytes:
        """Decrypt. Raises VaultError for another's value or a changed one, KeysError when its key is not here."""
        try:
            _, number = _HEAD.unpack_from(sealed)
            nonce, rest = sealed[_HEAD.size :][:NONCE_BYTES], sealed[_HEAD.size + NONCE_BYTES :]
            return self._key(number, what).decrypt(nonce, rest, what.encode())
        except (InvalidTag, struct.error, ValueError) as error:
            raise VaultError(f"{what} does not open: it was changed, or belongs to another row") from error

    def _key(self, number: int, what: str) -> AESGCM:
        """A missing key is a lost file, not a damaged row: nobody must go on as if the row were empty."""
        if number not in self.keys:
            raise KeysError(f"{what} was sealed with key vault-{number}, which is not here; restore it from the backup")
        return self.keys[number]


def is_sealed(value: bytes) -> bool:
    """Whether a value has the form of a sealed one; what was written before there was a vault has not."""
    return value.startswith(MARK)


def add_key(centre_keys: Path) -> int:
    """Make the next key, which seals from now on; its number. Raises KeysError."""
    number = Vault.open(centre_keys).newest + 1
    if number > MOST_KEYS:
        raise KeysError(f"{MOST_KEYS} keys are the most; make a new vault")
    try:
        write_secret(_file(centre_keys / FOLDER, number), _new(number))
    except OSError as error:
        raise KeysError(f"{centre_keys / FOLDER}: {error.strerror or error}; run this as its owner") from error
    return number


def _file(folder: Path, number: int) -> Path:
    return folder / f"{FOLDER}-{number}.jwk"


def _new(number: int) -> dict[str, str]:
    """An octet key as RFC 7517, 6.4 writes it."""
    secret = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).rstrip(b"=").decode()
    return {"kty": "oct", "alg": "A256GCM", "kid": f"centre/vault#{number}", "k": secret}


def _cipher(secret: dict[str, str]) -> AESGCM:
    raw = base64.urlsafe_b64decode(secret["k"] + "=" * (-len(secret["k"]) % 4))
    if secret.get("kty") != "oct" or len(raw) != KEY_BYTES:
        raise ValueError("no key of 256 bits")
    return AESGCM(raw)

"""Seals (JWS, Ed25519) and encryption to one reader (JWE, ECDH-ES X25519 with A256GCM).

The very bytes that are sent are signed: there is no canonical form to get wrong. The type of the message stands in the
protected header (`typ`), so that a seal over one kind of message is worth nothing for another.
RFC 7515 (JWS), RFC 7516 (JWE), RFC 8037 (Ed25519, X25519), RFC 7638 (thumbprints), RFC 9864 (the name `Ed25519`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from wire.errors import SealError, UnreadableError

SIGNING = ["Ed25519"]
ENCRYPTION = ["ECDH-ES", "A256GCM"]

LARGEST = 2_097_152
"""Bytes of the longest sealed text, and of the longest encrypted one, that is read."""

# joserfc by itself reads no payload of more than 128,000 bytes and no ciphertext of more than 65,536: a roster manifest of
# 1,300 people, an enrolment picture of 48 kB.
_SEALS = jws.JWSRegistry(algorithms=SIGNING)
_SEALS.max_payload_length = LARGEST
_BOXES = jwe.JWERegistry(algorithms=ENCRYPTION)
_BOXES.max_ciphertext_length = LARGEST


class Sealed(StrEnum):
    """What a seal is over: the `typ` of its header."""

    RECORD = "record"
    RECEIPT = "receipt"
    STATUS = "status"
    ROSTER_MANIFEST = "roster-manifest"
    ROSTER_ENTRY = "roster-entry"
    RULES = "rules"
    COMMAND = "command"
    REPLY = "reply"
    BLOB = "blob"
    ENDORSEMENT = "endorsement"
    REPORT = "report"
    EXPORT = "export"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class KeyName:
    """Owner and number of a key; as text `owner#number`. Owners: a kiosk's id, `<kiosk>/relay`, `centre`, `release`."""

    owner: str
    number: int

    def __str__(self) -> str:
        return f"{self.owner}#{self.number}"

    @classmethod
    def parse(cls, text: str) -> KeyName:
        """Read `owner#number`. Raises SealError."""
        owner, hash_sign, number = text.rpartition("#")
        if not (owner and hash_sign and number.isascii() and number.isdigit() and len(number) < 10):
            message = f"key id {text[:80]!r} is not owner#number"
            raise SealError(message)
        return cls(owner, int(number))


def digest(sealed: str | bytes) -> str:
    """SHA-256 of a sealed text, 64 hexadecimal digits: the identity of the very bytes that were sent."""
    return hashlib.sha256(sealed.encode() if isinstance(sealed, str) else sealed).hexdigest()


class PublicKey:
    """An Ed25519 key that verifies, with its name and thumbprint."""

    def __init__(self, name: KeyName, key: OKPKey) -> None:
        if key.curve_name != "Ed25519":
            message = f"key {name} is {key.curve_name}, a seal needs Ed25519"
            raise SealError(message)
        self.name = name
        self.thumbprint: str = key.thumbprint()
        self._key = key

    @classmethod
    def from_x(cls, name: KeyName, x: str) -> PublicKey:
        """From the 32 bytes of the key in base64url. Raises SealError."""
        return cls(name, _okp("Ed25519", x))

    @property
    def x(self) -> str:
        """The 32 bytes of the key, base64url."""
        return str(self._key.as_dict(private=False)["x"])

    def verify(self, sealed: str | bytes, kind: Sealed) -> bytes:
        """The signed bytes. Raises SealError when the seal is broken, of another kind, or not made with this key."""
        try:
            opened = jws.deserialize_compact(sealed, self._key, algorithms=SIGNING, registry=_SEALS)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            message = f"seal of {self.name} does not verify: {type(error).__name__}"
            raise SealError(message) from error
        header = opened.headers()
        if header.get("typ") != kind or header.get("kid") != str(self.name):
            message = f"seal of {self.name} is over {str(header.get('typ'))[:40]!r}, expected {kind.value!r}"
            raise SealError(message)
        return bytes(opened.payload or b"")


class SealingKey:
    """An Ed25519 key that seals."""

    def __init__(self, name: KeyName, key: OKPKey) -> None:
        self.public = PublicKey(name, key)
        self._key = key

    @classmethod
    def generate(cls, name: KeyName) -> SealingKey:
        """A new random key."""
        return cls(name, OKPKey.generate_key("Ed25519"))

    @classmethod
    def from_private(cls, name: KeyName, secret: Mapping[str, str]) -> SealingKey:
        """From what `private` gave. Raises SealError."""
        return cls(name, _okp("Ed25519", secret.get("x", ""), secret.get("d", "")))

    @property
    def private(self) -> dict[str, str]:
        """The key as a JWK, secret part included: for a file of mode 0600 and nothing else."""
        return _jwk(self._key)

    def seal(self, kind: Sealed, payload: bytes) -> str:
        """Compact JWS over `payload`."""
        header = {"alg": SIGNING[0], "typ": kind.value, "kid": str(self.public.name)}
        return jws.serialize_compact(header, payload, self._key, algorithms=SIGNING)


class Keyring:
    """The public keys of one or more owners, by name."""

    def __init__(self, keys: Iterable[PublicKey] = ()) -> None:
        self._keys = {str(key.name): key for key in keys}

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, sealed: str | bytes) -> PublicKey:
        """The key that a sealed text names. Nothing is verified yet. Raises SealError for an unknown one."""
        name = peek(sealed).get("kid")
        key = self._keys.get(name) if isinstance(name, str) else None
        if key is None:
            message = f"no key named {str(name)[:80]!r}"
            raise SealError(message)
        return key

    def verify(self, sealed: str | bytes, kind: Sealed) -> bytes:
        """The signed bytes, by whichever key of the ring the seal names. Raises SealError."""
        return self.find(sealed).verify(sealed, kind)


def peek(sealed: str | bytes) -> dict[str, Any]:
    """The header of a sealed text, unverified. Raises SealError when there is none."""
    text = sealed if isinstance(sealed, bytes) else sealed.encode(errors="replace")
    head = text[:4096].partition(b".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        message = "not a sealed message: it has no readable header"
        raise SealError(message) from error
    if not isinstance(header, dict):
        message = "not a sealed message: its header is not an object"
        raise SealError(message)
    return header


def payload_of(sealed: str | bytes) -> bytes:
    """The bytes under a seal, unverified: only for what this side sealed itself. Raises SealError."""
    try:
        return bytes(
            jws.extract_compact(sealed if isinstance(sealed, bytes) else sealed.encode(), registry=_SEALS).payload
        )
    except (JoseError, ValueError, TypeError) as error:
        message = "not a sealed message: it has no readable payload"
        raise SealError(message) from error


class Recipient:
    """An X25519 key that others encrypt to; this side has the public part only."""

    def __init__(self, name: KeyName, x: str) -> None:
        """From the 32 bytes of the key in base64url. Raises SealError."""
        self.name = name
        self.x = x
        self._key = _okp("X25519", x)

    def encrypt(self, payload: bytes) -> str:
        """Compact JWE that only the owner of the key can read. Raises SealError for a key that would hide nothing."""
        header = {"alg": ENCRYPTION[0], "enc": ENCRYPTION[1], "kid": str(self.name)}
        try:
            return jwe.encrypt_compact(header, payload, self._key, algorithms=ENCRYPTION)
        except ValueError as error:  # RFC 7748, 6.1: with a point of small order every shared secret is zero
            message = f"key {self.name} is of small order: nothing encrypted to it would be secret"
            raise SealError(message) from error


class DecryptionKey:
    """An X25519 key that reads what was encrypted to it."""

    def __init__(self, name: KeyName, key: OKPKey) -> None:
        self.name = name
        self._key = key

    @classmethod
    def generate(cls, name: KeyName) -> DecryptionKey:
        """A new random key."""
        return cls(name, OKPKey.generate_key("X25519"))

    @classmethod
    def from_private(cls, name: KeyName, secret: Mapping[str, str]) -> DecryptionKey:
        """From what `private` gave. Raises SealError."""
        return cls(name, _okp("X25519", secret.get("x", ""), secret.get("d", "")))

    @property
    def private(self) -> dict[str, str]:
        """The key as a JWK, secret part included: for a file of mode 0600 and nothing else."""
        return _jwk(self._key)

    @property
    def recipient(self) -> Recipient:
        """The public half."""
        return Recipient(self.name, self.private["x"])

    def decrypt(self, encrypted: str | bytes) -> bytes:
        """The plain bytes. Raises UnreadableError when it is not for this key or was altered."""
        try:
            opened = jwe.decrypt_compact(encrypted, self._key, registry=_BOXES)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            message = f"not readable with key {self.name}: {type(error).__name__}"
            raise UnreadableError(message) from error
        return bytes(opened.plaintext or b"")


def _okp(curve: str, x: str, d: str = "") -> OKPKey:
    public: dict[str, str | list[str]] = {"kty": "OKP", "crv": curve, "x": x}
    try:
        key = OKPKey.import_key(public)
        whole = OKPKey.import_key({**public, "d": d}) if d else key
    except (JoseError, ValueError, TypeError) as error:
        message = f"not an {curve} key: {type(error).__name__}"
        raise SealError(message) from error
    if whole.private_key and whole.private_key.public_key() != key.public_key:
        message = f"not an {curve} key: its two halves do not belong together"
        raise SealError(message)
    return whole


def _jwk(key: OKPKey) -> dict[str, str]:
    return {str(name): str(value) for name, value in key.as_dict(private=True).items()}

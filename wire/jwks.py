"""Public keys as a JSON Web Key Set (RFC 7517): how kiosk and centre introduce themselves to each other."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from wire.codec import Codec
from wire.seals import KeyName, Keyring, PublicKey, Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicJwk:
    """One public key: `kid` is owner#number, `x` its 32 bytes in base64url."""

    kid: Annotated[str, Field(max_length=100)]
    crv: Literal["Ed25519", "X25519"]
    x: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    kty: Literal["OKP"] = "OKP"

    @property
    def thumbprint(self) -> str:
        """SHA-256 of the key's required members in lexical order, base64url (RFC 7638)."""
        members = f'{{"crv":"{self.crv}","kty":"{self.kty}","x":"{self.x}"}}'
        return base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """The public keys of one owner, or of several."""

    keys: Annotated[tuple[PublicJwk, ...], Field(max_length=1000)]

    def keyring(self) -> Keyring:
        """The keys that verify seals. Raises SealError."""
        return Keyring(PublicKey.from_x(KeyName.parse(k.kid), k.x) for k in self.keys if k.crv == "Ed25519")

    def recipients(self) -> dict[str, Recipient]:
        """The keys that can be encrypted to, by owner; of several the one with the highest number. Raises SealError."""
        boxes = [Recipient(KeyName.parse(k.kid), k.x) for k in self.keys if k.crv == "X25519"]
        return {box.name.owner: box for box in sorted(boxes, key=lambda box: box.name.number)}


KEY_SET: Codec[KeySet] = Codec("key set", KeySet)


def key_set(signing: Iterable[PublicKey], boxes: Iterable[Recipient]) -> KeySet:
    """A key set of these keys."""
    verifying = [PublicJwk(kid=str(key.name), crv="Ed25519", x=key.x) for key in signing]
    reading = [PublicJwk(kid=str(box.name), crv="X25519", x=box.x) for box in boxes]
    return KeySet(keys=(*verifying, *reading))


def readable(keys: KeySet) -> str:
    """The set as indented JSON, for a file that people look at."""
    return json.dumps(json.loads(KEY_SET.encode(keys)), indent=2) + "\n"

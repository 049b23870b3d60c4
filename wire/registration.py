"""How a kiosk introduces itself to a centre that does not know it yet: over HTTPS or by a file, once, with a claim code.

Neither message is sealed: the claim is the kiosk's credential, TLS or the person who carries the file is the centre's.
No secret is in them but the claim, which is worth nothing after its use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from wire.codec import Codec
from wire.errors import ContractError
from wire.jwks import KeySet
from wire.types import KioskId, Word

PATH = "/api/v1/register"
"""Where a centre takes a request by POST, as `application/json`."""

MAX_REQUEST_BYTES = 32_768
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no i, l, o, u, so that a code survives being read aloud."""
GROUPS, GROUP = 4, 5
_LOOK_ALIKE = str.maketrans("iloIL", "11011")

Claim = Annotated[str, Field(pattern=rf"^[{ALPHABET}]{{{GROUP}}}(-[{ALPHABET}]{{{GROUP}}}){{{GROUPS - 1}}}$")]
"""A one-time code of 100 random bits, `7k3mq-…`."""

Pem = Annotated[str, Field(min_length=1, max_length=16_384, pattern=r"^[\x20-\x7e\r\n\t]+$")]
"""One or several PEM blocks in ASCII."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRequest:
    """What a kiosk asks with: its claim, the public keys that `siperlu kiosk keys` prints, and a certificate request
    (PKCS #10, PEM, P-256) signed by the TLS key that stays on it."""

    claim: Claim
    keys: KeySet
    csr: Pem


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredKiosk:
    """What the centre registered: the name, the unit it hangs at, whom it knows."""

    id: KioskId
    unit: Annotated[str, Field(min_length=1, max_length=64)]
    scope: Literal["unit", "opd", "kecamatan", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the broker is reached: a name or address that its certificate carries, and a port."""

    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65535)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationAnswer:
    """What a registered kiosk needs. `certificate`: its own and the sub-CA's, in that order (`kiosk.crt`); `ca`: the
    root that the broker's certificate goes back to (`ca.crt`); `centre_keys`: whom it believes (`centre.json`)."""

    kiosk: RegisteredKiosk
    certificate: Pem
    ca: Pem
    centre_keys: KeySet
    broker: BrokerAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRefusal:
    """Why not: a word for programs, a sentence for people that names the mend.

    Words: `claim` (unknown, expired, used with other keys: which is not said), `request` (not as the contract says),
    `keys`, `csr`, `busy` (asked too often), `unavailable` (the centre cannot answer now: try again).
    """

    reason: Word
    text: Annotated[str, Field(max_length=500)]


REGISTRATION_REQUEST: Codec[RegistrationRequest] = Codec("registration-request", RegistrationRequest)
REGISTRATION_ANSWER: Codec[RegistrationAnswer] = Codec("registration-answer", RegistrationAnswer)
REGISTRATION_REFUSAL: Codec[RegistrationRefusal] = Codec("registration-refusal", RegistrationRefusal)


def read_claim(typed: str) -> str:
    """A code as people type it (capitals, spaces, l for 1, no hyphens) in its one written form. Raises ContractError.

    The error never repeats the code: it is a credential.
    """
    plain = re.sub(r"[\s-]", "", typed[:200]).translate(_LOOK_ALIKE).lower()
    if len(plain) != GROUPS * GROUP or any(letter not in ALPHABET for letter in plain):
        raise ContractError(
            f"a claim code is {GROUPS} groups of {GROUP} digits and letters (no i, l, o, u), as "
            "`siperlu collector kiosks claim` prints it; what was given is not"
        )
    return "-".join(plain[at : at + GROUP] for at in range(0, len(plain), GROUP))

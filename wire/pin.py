"""How a PIN is kept and checked: scrypt, so that whoever reads a roster must compute for each guess what a kiosk computes for one.

scrypt is in Python's own library, so a kiosk needs no package for it (decision 0260). Six digits are few for any such function: a kiosk's
lock-out keeps guesses at the wall away, and the roster's encryption keeps the verifier from everybody else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from wire.messages import PinVerifier

COST = 15
"""Of new verifiers: N = 2**15 takes 32 MiB and some 0.1 s on a PC, 0.3 to 0.5 s on a Pi 4."""

SALT_BYTES = 16
_BLOCK, _LANES, _LENGTH = 8, 1, 32


def digest_of(pin: str, salt: bytes, cost: int) -> bytes:
    """The scrypt (RFC 7914) of a PIN's digits, 32 bytes; N = 2**cost, r = 8, p = 1."""
    size = 128 * _BLOCK * 2**cost
    return hashlib.scrypt(pin.encode(), salt=salt, n=2**cost, r=_BLOCK, p=_LANES, maxmem=size + 2**20, dklen=_LENGTH)


def matches(verifier: PinVerifier, pin: str) -> bool:
    """Whether this is the PIN, in time that does not tell where it differs. Says nothing of `from_` and `until`."""
    found = digest_of(pin, base64.b64decode(verifier.salt), verifier.cost)
    return hmac.compare_digest(found, base64.b64decode(verifier.digest))

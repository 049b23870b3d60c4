"""Passwords: argon2id, one-time ones, and which new ones are taken."""

from __future__ import annotations

import re
import secrets
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

SHORTEST, LONGEST = 10, 200
DIFFERENT = 5
DIGITS_ALONE = 16
"""Digits alone are a date or a telephone number where there are fewer."""

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letter that a slip of paper confuses with another."""

USUAL = (
    "password",
    "katasandi",
    "rahasia",
    "siperlu",
    "lumajang",
    "bismillah",
    "indonesia",
    "qwerty",
    "sayang",
    "admin",
)

_hasher = PasswordHasher()  # argon2-cffi's own choice: RFC 9106, second recommendation (64 MiB)
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$bP3W7Tf/KyCpyYPenSu6TQ$aBp5Tlb030ixGkauHyuGbtT+yqFzvt0BfvmlWfD89jA"
"""Compared with where there is no account, so that both answers take the same time. Of random bytes that nobody kept; written
down, for hashing it anew would hold up every process that starts by a fifth of a second."""


def hashed(password: str) -> str:
    """What is stored; holds its own salt and parameters."""
    return _hasher.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Whether it is the password; False, and no faster, where none is stored."""
    try:
        return _hasher.verify(stored or NOBODY, password[:LONGEST]) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether it was hashed with older parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def one_time() -> str:
    """A password for one log-in, 59 bits, easy to read out: xxxx-xxxx-xxxx."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


class Weakness(StrEnum):
    """Why a new password is not taken."""

    LENGTH = "length"  # shorter than SHORTEST or longer than LONGEST
    USUAL = "usual"  # among the first that somebody would try
    NAME = "name"  # holds the owner's own name or number


def weakness(password: str, *names: str) -> Weakness | None:
    """What is wrong with a new password; None when it will do. No rule about kinds of letters: length is what counts."""
    if not SHORTEST <= len(password) <= LONGEST:
        return Weakness.LENGTH
    core = re.sub(r"[\W\d_]+", "", password.casefold())
    if len(set(password)) < DIFFERENT or core in USUAL or (not core and len(password) < DIGITS_ALONE):
        return Weakness.USUAL
    if any(len(name) > 3 and name.casefold() in password.casefold() for name in names):
        return Weakness.NAME
    return None

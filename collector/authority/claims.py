"""One-time claims: made for a kiosk before it exists, taken once by the keys that bring the code."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, insert, or_, select, update

from collector.authority.requests import fingerprint, read_request
from collector.errors import ClaimError
from collector.people.kiosks import check_id
from collector.people.scope import Scope
from collector.store.authority import Claim
from collector.store.people import Unit
from wire.jwks import KeySet
from wire.registration import (
    ALPHABET,
    GROUP,
    GROUPS,
    REGISTRATION_REQUEST,
    RegistrationRequest,
)

REFUSED = (
    "this claim code is not valid: it is mistyped, has ended, or was used by another kiosk; "
    "make a new one with `siperlu collector kiosks claim`"
)
"""One answer to all of it: who tries codes learns nothing."""


@dataclass(frozen=True, slots=True)
class Berth:
    """What a claim is for: a kiosk's name, the unit it will hang at, whom it will know."""

    kiosk: str
    unit: str
    scope: Scope = Scope.UNIT


@dataclass(frozen=True, slots=True)
class Taken:
    """A claim as one request took it: the SHA-256 of its code and of the keys."""

    digest: str
    keys: str


def new_code() -> str:
    """100 random bits as people can read them aloud."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
    return "-".join(groups)


def make(connection: Connection, berth: Berth, *, by: str, now: datetime, life: timedelta) -> str:
    """A new code for a kiosk; one that was made before and not used is void from now on.

    The code itself is kept nowhere. Raises ClaimError for an unknown unit, RegistrationError for a name that cannot be.
    """
    check_id(berth.kiosk)
    if connection.scalar(select(Unit.code).where(Unit.code == berth.unit)) is None:
        raise ClaimError(f"unit {berth.unit[:64]!r} is not known; import the units first (siperlu people import)")
    older = (Claim.kiosk == berth.kiosk, Claim.keys.is_(None), Claim.expires > now)
    connection.execute(update(Claim).where(*older).values(expires=now))
    code = new_code()
    row = {
        "digest": digest(code),
        "kiosk": berth.kiosk,
        "unit": berth.unit,
        "scope": berth.scope.value,
        "made_at": now,
        "made_by": by,
        "expires": now + life,
    }
    connection.execute(insert(Claim).values(row))
    return code


def take(connection: Connection, request: RegistrationRequest, now: datetime) -> Taken:
    """Bind a claim to the keys of a request and leave the request for jobs to answer.

    The same keys may come again until the claim ends; keys that were refused leave it free. One statement decides, so of two that race with different keys one
    wins. The code is looked up by its SHA-256: how long that takes tells nothing about a code. Raises ClaimError, RequestError.
    """
    keys = digest_of_keys(request)
    number = digest(request.claim)
    free = or_(Claim.keys.is_(None), Claim.keys == keys, Claim.refusal.is_not(None))
    mine = and_(Claim.digest == number, Claim.expires > now, free)
    kept = REGISTRATION_REQUEST.encode(_without_claim(request)).decode()
    done = connection.execute(
        update(Claim).where(mine).values(keys=keys, request=kept, answer=None, refusal=None, answered_at=None)
    )
    if done.rowcount != 1:
        raise ClaimError(REFUSED)
    return Taken(number, keys)


def waiting(connection: Connection) -> list[tuple[str, Berth, RegistrationRequest]]:
    """(digest, berth, request) of claims that were taken and not answered."""
    query = select(Claim.digest, Claim.kiosk, Claim.unit, Claim.scope, Claim.request).where(
        Claim.request.is_not(None), Claim.answer.is_(None), Claim.refusal.is_(None)
    )
    return [
        (row.digest, Berth(row.kiosk, row.unit, Scope(row.scope)), REGISTRATION_REQUEST.decode(row.request or ""))
        for row in connection.execute(query)
    ]


def settle(connection: Connection, number: str, now: datetime, *, answer: str | None, refusal: str | None) -> None:
    """Write the answer, or why there is none, beside the request."""
    said = {"answer": answer, "refusal": refusal, "answered_at": now}
    connection.execute(update(Claim).where(Claim.digest == number).values(**said))


def answered(connection: Connection, taken: Taken) -> tuple[str | None, str | None]:
    """(answer, refusal); both None while it waits. Raises ClaimError when other keys have taken the claim meanwhile."""
    query = select(Claim.answer, Claim.refusal).where(Claim.digest == taken.digest, Claim.keys == taken.keys)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise ClaimError(REFUSED)
    return row.answer, row.refusal


def digest(code: str) -> str:
    """SHA-256 of a code: 100 random bits need no slow hash."""
    return hashlib.sha256(code.encode("ascii")).hexdigest()


def digest_of_keys(request: RegistrationRequest) -> str:
    """SHA-256 over all public keys of a request, the TLS key's among them, in any order. Raises RequestError."""
    lines = [f"{key.kid} {key.crv} {key.x}" for key in request.keys.keys]
    lines.append(fingerprint(read_request(request.csr)))
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _without_claim(request: RegistrationRequest) -> RegistrationRequest:
    """A credential is not kept, used or not."""
    return RegistrationRequest(
        claim="-".join(["0" * GROUP] * GROUPS), keys=KeySet(keys=request.keys.keys), csr=request.csr
    )

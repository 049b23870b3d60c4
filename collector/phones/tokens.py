"""Tokens of telephone applications: told once, kept as a digest, revoked for ever."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector import audit
from collector.errors import PhoneError
from collector.store.people import Unit
from collector.store.phones import PhoneToken

MARK = "sip"
LONGEST = timedelta(days=400)
USED_EVERY = timedelta(hours=1)
"""The last use is noted so often: not at every record of a morning."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the token's id, and the unit for whose people it may, None for all."""

    token: str
    unit: str | None


def issue(session: Session, name: str, unit: str | None, days: int, by: str, now: datetime) -> str:  # noqa: PLR0913, PLR0917
    """A new token; it is told nowhere else. Raises PhoneError."""
    if not name.strip() or not by.strip():
        raise PhoneError("a token needs the application's name and who issues it: name both")
    if not 1 <= days <= LONGEST.days:
        raise PhoneError(f"{days} days: a token lives 1 to {LONGEST.days} days; then issue another one")
    if unit is not None and session.get(Unit, unit) is None:
        raise PhoneError(f"unit {unit!r} is not known: name one by its code, or none for the whole regency")
    token, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = PhoneToken(id=token, name=name.strip()[:100], unit=unit, secret=_digest(secret), issued_by=by, issued_at=now)
    row.until = now + timedelta(days=days)
    session.add(row)
    session.flush()
    audit.note(session, by, "phone-token.issue", token, {"unit": unit, "until": row.until.isoformat()}, now)
    return f"{MARK}_{token}_{secret}"


def revoke(session: Session, token: str, by: str, reason: str, now: datetime) -> None:
    """Nobody sends with it any more. Raises PhoneError for one that is not there or was revoked, or without a reason."""
    row = session.get(PhoneToken, token)
    if row is None or row.revoked_at is not None:
        raise PhoneError(f"token {token!r} is not there or was revoked already; `siperlu phone token list` shows them")
    if not by.strip() or not reason.strip():
        raise PhoneError("revoking needs who does it and why: name both")
    row.revoked_by, row.revoked_at, row.reason = by, now, reason
    session.flush()
    audit.note(session, by, "phone-token.revoke", token, {}, now)


def sender(session: Session, told: str, now: datetime) -> Sender | None:
    """Whose token this is; None for one that is none, ended, or was revoked. Takes as long for either."""
    mark, _, rest = told.partition("_")
    token, _, secret = rest.partition("_")
    row = session.get(PhoneToken, token[:16]) if mark == MARK else None
    right = hmac.compare_digest(_digest(secret), row.secret if row is not None else _digest("nobody"))
    if row is None or not right or row.revoked_at is not None or row.until <= now:
        return None
    return Sender(row.id, row.unit)


def note_use(session: Session, token: str, now: datetime) -> None:
    """Remember that it was used, to the hour."""
    row = session.get_one(PhoneToken, token)
    if row.used_at is None or now - row.used_at >= USED_EVERY:
        row.used_at = now


def listed(session: Session) -> list[PhoneToken]:
    """All tokens, the newest first."""
    return list(session.scalars(select(PhoneToken).order_by(PhoneToken.issued_at.desc(), PhoneToken.id)))


def _digest(secret: str) -> str:
    """256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()

"""A kiosk that was stolen, or must not be believed for another reason: nothing of it counts from now on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from collector import audit
from collector.authority import book
from collector.people.kiosks import retire
from collector.store.authority import Certificate, Claim
from collector.store.people import KioskKey


@dataclass(frozen=True, slots=True)
class Revoked:
    """What a revocation took: names of keys that are believed no more, and how many certificates."""

    keys: tuple[str, ...]
    certificates: int


def revoke(session: Session, kiosk: str, reason: str, *, by: str, now: datetime) -> Revoked:
    """Believe a kiosk no more: its keys, its certificates, its claims, its roster. Its records of before stay.

    Ingest refuses its keys from the next batch on; jobs make the broker refuse its certificate and end its connection.
    Doing it again is harmless. Raises RegistrationError for a kiosk that is not there.
    """
    retire(session, kiosk, now)
    live = (KioskKey.kiosk == kiosk, KioskKey.revoked_at.is_(None))
    keys = tuple(session.scalars(select(KioskKey.kid).where(*live).order_by(KioskKey.kid)))
    session.execute(update(KioskKey).where(*live).values(revoked_at=now))
    session.execute(update(Claim).where(Claim.kiosk == kiosk, Claim.expires > now).values(expires=now))
    certificates = book.revoke(session.connection(), kiosk, reason, now)
    if keys or certificates:
        audit.note(session, by, "kiosk.revoke", kiosk, {"reason": reason[:200], "certificates": certificates}, now)
    return Revoked(keys, certificates)


def is_enforced(session: Session, kiosk: str) -> bool:
    """Whether the broker refuses all that was revoked of a kiosk, and has let go of its connection."""
    waiting = (Certificate.subject == kiosk, Certificate.revoked_at.is_not(None), Certificate.enforced_at.is_(None))
    return session.scalar(select(Certificate.serial).where(*waiting).limit(1)) is None

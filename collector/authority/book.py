"""The book of what was issued: every certificate, whom it is for, and whether it is revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from collector.authority.authority import Issued, pem
from collector.authority.certificates import Role
from collector.authority.requests import fingerprint
from collector.store.authority import Certificate

SUPERSEDED = "superseded"


def enter(connection: Connection, issued: Issued, now: datetime, *, installed: bool) -> None:
    """Write a certificate down, in the transaction that hands it out."""
    key = issued.certificate.public_key()
    row = {
        "serial": issued.serial,
        "issuer": issued.issuer,
        "subject": issued.subject.name,
        "role": issued.subject.role.value,
        "key": fingerprint(key),  # type: ignore[arg-type] # the sub-CA signs P-256 keys alone
        "pem": pem(issued.certificate),
        "issued_at": now,
        "until": issued.certificate.not_valid_after_utc,
        "installed_at": now if installed else None,
    }
    connection.execute(insert(Certificate).values(row))


def revoke(connection: Connection, kiosk: str, reason: str, now: datetime, *, but: str | None = None) -> int:
    """Revoke all that a kiosk holds, but those for the key with fingerprint `but`; how many were revoked now."""
    held = [Certificate.subject == kiosk, Certificate.role == Role.KIOSK.value, Certificate.revoked_at.is_(None)]
    if but is not None:
        held.append(Certificate.key != but)
    done = connection.execute(update(Certificate).where(*held).values(revoked_at=now, reason=reason[:200]))
    return done.rowcount


def revoked_serials(connection: Connection, now: datetime) -> dict[int, list[tuple[int, datetime]]]:
    """Serial numbers and times by sub-CA; one that has ended by itself needs no list any more."""
    query = (
        select(Certificate.issuer, Certificate.serial, Certificate.revoked_at)
        .where(Certificate.revoked_at.is_not(None), Certificate.until > now)
        .order_by(Certificate.revoked_at, Certificate.serial)
    )
    found: dict[int, list[tuple[int, datetime]]] = {}
    for issuer, serial, at in connection.execute(query):
        if at is not None:
            found.setdefault(issuer, []).append((int(serial, 16), at))
    return found


def unenforced(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    """(serial, subject) of revoked certificates that the broker was not yet seen to refuse, oldest first."""
    waiting = (Certificate.revoked_at.is_not(None), Certificate.enforced_at.is_(None), Certificate.until > now)
    query = select(Certificate.serial, Certificate.subject).where(*waiting).order_by(Certificate.revoked_at)
    return [(serial, subject) for serial, subject in connection.execute(query)]


def enforced(connection: Connection, serials: Sequence[str], now: datetime) -> None:
    """The broker refuses these, and nobody is connected by them any more."""
    connection.execute(update(Certificate).where(Certificate.serial.in_(serials)).values(enforced_at=now))


def ending(connection: Connection, role: Role, before: datetime) -> list[str]:
    """Subjects of a role whose last installed, unrevoked certificate ends before then."""
    query = (
        select(Certificate.subject, Certificate.until)
        .where(Certificate.role == role.value, Certificate.revoked_at.is_(None), Certificate.installed_at.is_not(None))
        .order_by(Certificate.subject)
    )
    last: dict[str, datetime] = {}
    for subject, until in connection.execute(query):
        last[subject] = max(until, last.get(subject, until))
    return [subject for subject, until in last.items() if until < before]


def installed(connection: Connection, serial: str, now: datetime) -> None:
    """Its holder said that it uses this one."""
    connection.execute(update(Certificate).where(Certificate.serial == serial).values(installed_at=now))

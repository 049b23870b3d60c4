"""Browsers that are logged in: kept at the centre, so that "log out everywhere" means it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from collector.accounts.book import Account
from collector.accounts.roles import Role
from collector.store.accounts import StoredAccount, WebSession

RENEW = timedelta(minutes=1)


BROWSERS = (
    *(("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox")),
    *(("Chrome/", "Chrome"), ("Safari/", "Safari")),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
"""What a browser's name for itself holds, the telling marks first: most of them claim to be several."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a browser stays logged in: without use, and at all."""

    idle: timedelta
    whole: timedelta


@dataclass(frozen=True, slots=True)
class Client:
    """The browser that asks: its address, and how it names itself."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Open:
    """A browser that is logged in. `must_change`: with a one-time password, which opens nothing but its change."""

    id: str
    account: Account
    must_change: bool
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A browser as its owner sees it in the list."""

    id: str
    opened_at: datetime
    seen_at: datetime
    address: str
    agent: str

    @property
    def name(self) -> str:
        """Browser and system in two words, as well as its own name for itself lets one guess."""
        browser = next((name for mark, name in BROWSERS if mark in self.agent), "")
        system = next((name for mark, name in SYSTEMS if mark in self.agent), "")
        return " · ".join(part for part in (browser, system) if part) or self.agent[:40] or "?"


def digest(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def start(session: Session, account_id: str, client: Client, now: datetime, limits: Limits) -> str:
    """Log a browser in; its new token. What has run out, of whomever, is swept away."""
    token = secrets.token_urlsafe(32)
    _sweep(session, now, limits)
    row = WebSession(id=digest(token), account=account_id, opened_at=now, seen_at=now)
    row.address, row.agent = client.address[:64], client.agent[:300]
    session.add(row)
    session.flush()
    return token


def _sweep(session: Session, now: datetime, limits: Limits) -> None:
    """What somebody else is closing at this moment is left to them: nobody waits here with the audit log in their hands."""
    over = (WebSession.seen_at < now - limits.idle) | (WebSession.opened_at < now - limits.whole)
    free = select(WebSession.id).where(over).with_for_update(skip_locked=True)
    session.execute(delete(WebSession).where(WebSession.id.in_(free)))


def load(session: Session, token: str, now: datetime, limits: Limits) -> Open | None:
    """Whose token it is, if it still holds. One query."""
    a, w = StoredAccount, WebSession
    query = (
        select(w.id, a.id, a.name, a.role, a.unit, a.person, a.one_time_until, w.seen_at)
        .join(a, a.id == w.account)
        .where(w.id == digest(token), a.disabled_at.is_(None))
        .where(w.seen_at >= now - limits.idle, w.opened_at >= now - limits.whole)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    account = Account(row[1], row[2], Role(row[3]), row[4], row[5])
    return Open(row[0], account, row[6] is not None, row[7])


def touch(session: Session, open_id: str, now: datetime) -> None:
    """It was used now."""
    session.execute(update(WebSession).where(WebSession.id == open_id).values(seen_at=now))


def listed(session: Session, account_id: str, now: datetime, limits: Limits) -> list[Listed]:
    """The browsers of an account that are logged in, the last used first."""
    w = WebSession
    query = select(w.id, w.opened_at, w.seen_at, w.address, w.agent).where(
        w.account == account_id, w.seen_at >= now - limits.idle, w.opened_at >= now - limits.whole
    )
    return [Listed(*row) for row in session.execute(query.order_by(w.seen_at.desc(), w.id))]


def close(session: Session, account_id: str, open_id: str) -> bool:
    """Log out one browser of this account; whether there was one."""
    found = delete(WebSession).where(WebSession.id == open_id, WebSession.account == account_id)
    return session.execute(found.returning(WebSession.id)).first() is not None

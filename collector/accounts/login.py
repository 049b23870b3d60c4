"""Logging in: the same answer, in the same time, for a wrong password and for an account that is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts import passwords, sessions, throttle
from collector.accounts.book import close_sessions, find, set_password
from collector.accounts.sessions import Client, Limits
from collector.accounts.throttle import Rule
from collector.store.accounts import StoredAccount
from collector.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Door:
    """What the door works with: the database, the time, and its limits."""

    writer: Writer
    now: Callable[[], datetime]
    limits: Limits
    rule: Rule


@dataclass(frozen=True, slots=True)
class Answer:
    """What a log-in came to: the token of the new session; else, when too many failed, from when one may try again."""

    token: str | None = None
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    id: str | None
    password: str | None


def log_in(door: Door, login: str, password: str, client: Client) -> Answer:
    """Try one password. Hashing is done between two transactions: nobody waits for it."""
    login = login.strip().casefold()[:64]
    counted = throttle.limits(login, client.address, door.rule)
    now = door.now()
    with door.writer.session() as session:
        again_at = throttle.take(session, counted, now, door.rule)
        found = _find(session, login, now)
    if again_at is not None:
        return Answer(again_at=again_at)
    right = passwords.verify(found.password, password)
    with door.writer.session() as session:
        if not right or found.id is None or not _unchanged(session, found):
            audit.note(session, "nobody", "login.refused", found.id or "unknown", {"address": client.address}, now)
            return Answer()
        token = sessions.start(session, found.id, client, now, door.limits)
        throttle.give_back(session, counted)
        audit.note(session, found.id, "login", found.id, {"address": client.address}, now)
        return Answer(token)


def change_password(door: Door, account_id: str, old: str, new: str, client: Client) -> Answer:
    """Exchange the password: every browser is logged out, this one gets a new token. `new` is already checked."""
    counted = throttle.limits(account_id, client.address, door.rule)
    now = door.now()
    with door.writer.session() as session:
        again_at = throttle.take(session, counted, now, door.rule)
        stored = find(session, account_id).password
    if again_at is not None:
        return Answer(again_at=again_at)
    if not passwords.verify(stored, old):
        return Answer()
    with door.writer.session() as session:
        set_password(session, account_id, new, now)
        throttle.give_back(session, counted)
        return Answer(sessions.start(session, account_id, client, now, door.limits))


def close_everywhere(session: Session, account_id: str, now: datetime) -> int:
    """Log out every browser of an account; how many there were."""
    closed = close_sessions(session, account_id)
    audit.note(session, account_id, "logout.everywhere", account_id, {"browsers": closed}, now)
    return closed


def _find(session: Session, login: str, now: datetime) -> _Found:
    query = select(StoredAccount).where(StoredAccount.login == login, StoredAccount.disabled_at.is_(None))
    account = session.scalars(query).one_or_none()
    if account is None or (account.one_time_until is not None and account.one_time_until < now):
        return _Found(account.id if account else None, None)
    return _Found(account.id, account.password)


def _unchanged(session: Session, found: _Found) -> bool:
    """Whether the account is as it was before the password was looked at: somebody may have disabled it meanwhile."""
    query = select(StoredAccount.password).where(StoredAccount.id == found.id, StoredAccount.disabled_at.is_(None))
    return session.scalars(query).one_or_none() == found.password

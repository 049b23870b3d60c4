"""The book of accounts: made, changed, disabled, each step in the audit log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts import passwords
from collector.accounts.roles import OPD, Role
from collector.audit.log import lock
from collector.errors import AccountError
from collector.store.accounts import StoredAccount, WebSession
from collector.store.people import Person, Unit

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{2,63}")
FIRST = "admin"


class Refusal(StrEnum):
    """Which rule a wish breaks."""

    LOGIN = "login"
    TAKEN = "taken"
    UNIT_NEEDED = "unit-needed"
    UNIT_UNWANTED = "unit-unwanted"
    UNIT_UNKNOWN = "unit-unknown"
    PERSON_NEEDED = "person-needed"
    PERSON_UNKNOWN = "person-unknown"
    PERSON_TAKEN = "person-taken"
    LAST_ADMIN = "last-admin"
    DISABLED = "disabled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks. `id` is what audit and history name; `unit` of OPD roles, `person` of an employee, else None."""

    id: str
    name: str
    role: Role
    unit: str | None
    person: str | None


@dataclass(frozen=True, slots=True)
class Wish:
    """An account as it shall be. `id`: None takes the login, which staff keep for ever."""

    login: str
    name: str
    role: Role
    unit: str | None = None
    person: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """Who does it (account id, or the process) and when."""

    who: str
    at: datetime


def create(session: Session, wish: Wish, author: Author, one_time_for: timedelta) -> str:
    """Make an account; returns its one-time password, which is told nowhere else. Raises AccountError."""
    login = wish.login.strip().casefold()
    if not LOGIN.fullmatch(login):
        raise AccountError(
            Refusal.LOGIN, f"login {wish.login!r}: 3 to 64 of a-z, 0-9, . _ @ -, the first a letter or digit"
        )
    taken = select(StoredAccount.id).where((StoredAccount.login == login) | (StoredAccount.id == (wish.id or login)))
    if session.scalars(taken).first() is not None:
        raise AccountError(Refusal.TAKEN, f"login {login!r} is taken; choose another, or reset that account")
    _check(session, wish.role, wish.unit, wish.person)
    _one_a_person(session, wish.person)
    password = passwords.one_time()
    account = StoredAccount(id=wish.id or login, login=login, name=wish.name.strip() or login, role=wish.role.value)
    account.unit, account.person, account.created_at = wish.unit, wish.person, author.at
    account.password, account.one_time_until = passwords.hashed(password), author.at + one_time_for
    session.add(account)
    session.flush()
    _note(session, author, "account.create", account, role=account.role, unit=account.unit)
    return password


def change(session: Session, account_id: str, author: Author, role: Role, unit: str | None) -> None:
    """Give an account another role or unit; its browsers are logged out. Raises AccountError."""
    account = find(session, account_id)
    _check(session, role, unit, account.person)
    if account.role == Role.BKD_ADMIN and role is not Role.BKD_ADMIN:
        _keep_an_admin(session, account)
    before = {"role_before": account.role, "unit_before": account.unit}
    account.role, account.unit = role.value, unit
    close_sessions(session, account.id)
    _note(session, author, "account.change", account, role=account.role, unit=unit, **before)


def reset(session: Session, account_id: str, author: Author, one_time_for: timedelta) -> str:
    """A new one-time password; the old one is void and its browsers are logged out. Raises AccountError."""
    account = find(session, account_id)
    if account.disabled_at is not None:
        raise AccountError(Refusal.DISABLED, f"account {account_id!r} is disabled; enable it first")
    password = passwords.one_time()
    account.password, account.one_time_until = passwords.hashed(password), author.at + one_time_for
    close_sessions(session, account.id)
    _note(session, author, "account.reset", account)
    return password


def disable(session: Session, account_id: str, author: Author) -> None:
    """Let nobody log in with it from now on; twice is fine. Raises AccountError for the last admin."""
    account = find(session, account_id)
    if account.disabled_at is not None:
        return
    if account.role == Role.BKD_ADMIN:
        _keep_an_admin(session, account)
    account.disabled_at = author.at
    close_sessions(session, account.id)
    _note(session, author, "account.disable", account)


def enable(session: Session, account_id: str, author: Author, one_time_for: timedelta) -> str:
    """Open a disabled account again, with a one-time password."""
    account = find(session, account_id)
    account.disabled_at = None
    _note(session, author, "account.enable", account)
    return reset(session, account_id, author, one_time_for)


def set_password(session: Session, account_id: str, password: str, at: datetime) -> None:
    """Take the owner's own new password, already checked; every browser is logged out."""
    account = find(session, account_id)
    account.password, account.one_time_until = passwords.hashed(password), None
    close_sessions(session, account.id)
    _note(session, Author(account.id, at), "account.password", account)


def first_admin(session: Session, at: datetime, one_time_for: timedelta) -> str | None:
    """Make the first admin where there is no account yet; the one-time password, or None where there is one."""
    lock(session)  # several processes may start at once
    if session.scalar(select(func.count()).select_from(StoredAccount)):
        return None
    wish = Wish(FIRST, "Administrator", Role.BKD_ADMIN)
    return create(session, wish, Author("first-start", at), one_time_for)


def find(session: Session, account_id: str) -> StoredAccount:
    """The account of an id. Raises AccountError."""
    account = session.get(StoredAccount, account_id)
    if account is None:
        raise AccountError(
            Refusal.UNKNOWN, f"there is no account {account_id!r}; `siperlu collector accounts list` shows them"
        )
    return account


def close_sessions(session: Session, account_id: str) -> int:
    """Log out every browser of an account; how many there were."""
    closed = session.execute(delete(WebSession).where(WebSession.account == account_id).returning(WebSession.id))
    return len(closed.all())


def _check(session: Session, role: Role, unit: str | None, person: str | None) -> None:
    if role in OPD and not unit:
        raise AccountError(Refusal.UNIT_NEEDED, f"role {role}: needs a unit, for it reaches that one and those below")
    if role not in OPD and unit:
        raise AccountError(
            Refusal.UNIT_UNWANTED, f"role {role}: has no unit; only {' and '.join(sorted(OPD))} have one"
        )
    if (role is Role.EMPLOYEE) and not person:
        raise AccountError(Refusal.PERSON_NEEDED, f"role {role}: needs a person, for it sees nobody else")
    if unit and session.get(Unit, unit) is None:
        raise AccountError(
            Refusal.UNIT_UNKNOWN, f"unit {unit!r} is not known; `siperlu people list` shows whose units there are"
        )
    if person and session.get(Person, person) is None:
        raise AccountError(
            Refusal.PERSON_UNKNOWN, f"person {person!r} is not known; `siperlu people list` shows who there is"
        )


def _one_a_person(session: Session, person: str | None) -> None:
    theirs = select(StoredAccount.id).where(StoredAccount.person == person, StoredAccount.person.is_not(None))
    has = session.scalars(theirs).first()
    if has is not None:
        raise AccountError(Refusal.PERSON_TAKEN, f"person {person!r} has account {has!r} already; change that one")


def _keep_an_admin(session: Session, account: StoredAccount) -> None:
    others = select(func.count()).where(
        StoredAccount.role == Role.BKD_ADMIN.value,
        StoredAccount.disabled_at.is_(None),
        StoredAccount.id != account.id,
    )
    if not session.scalar(others):
        raise AccountError(Refusal.LAST_ADMIN, f"account {account.id!r} is the last admin; make another one first")


def _note(session: Session, author: Author, action: str, account: StoredAccount, **detail: str | None) -> None:
    session.flush()
    audit.note(session, author.who, action, account.id, detail, author.at)

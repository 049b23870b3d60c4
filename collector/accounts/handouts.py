"""Links on paper: an operator hands one to an employee, who chooses their own password by it. Once, and not for long."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.book import Author, close_sessions
from collector.accounts.roles import Role
from collector.accounts.sessions import digest
from collector.store.accounts import Handout, StoredAccount
from collector.store.people import Person


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link that holds opens: whose it is, what they will log in with, and who made it when."""

    person: str
    name: str
    login: str
    made_by: str
    until: datetime


def make(session: Session, person: str, author: Author, lasts: timedelta) -> str:
    """A new link's token; earlier ones of this person that nobody used are void."""
    unused = delete(Handout).where(Handout.person == person, Handout.used_at.is_(None))
    session.execute(unused)
    token = secrets.token_urlsafe(24)
    row = Handout(id=digest(token), person=person, made_by=author.who, made_at=author.at, until=author.at + lasts)
    session.add(row)
    session.flush()
    audit.note(session, author.who, "handout.make", person, {"hours": round(lasts.total_seconds() / 3600)}, author.at)
    return token


def offer(session: Session, token: str, now: datetime) -> Offer | None:
    """What the link opens; None for one that is unknown, used, too old, or of somebody who left or may not log in."""
    h = Handout
    query = (
        select(Person, h.made_by, h.until)
        .join(h, h.person == Person.id)
        .where(h.id == digest(token), h.used_at.is_(None), h.until >= now)
        .where(or_(Person.left_on.is_(None), Person.left_on > now.date()))
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    person, made_by, until = row
    account = _account(session, person.id)
    if account is not None and (account.disabled_at is not None or account.role != Role.EMPLOYEE):
        return None  # staff are given a password by the administrator, not by an operator
    login = account.login if account is not None else _login(session, person)
    return Offer(person.id, person.name, login, made_by, until)


def use(session: Session, token: str, hashed: str, now: datetime) -> str | None:
    """Take the employee's own password, already hashed; the account's id, or None when the link holds no more."""
    found = offer(session, token, now)
    if found is None:
        return None
    session.get_one(Handout, digest(token)).used_at = now
    account = _account(session, found.person)
    if account is None:
        account = StoredAccount(id=found.person, login=found.login, name=found.name, role=Role.EMPLOYEE.value)
        account.person, account.created_at = found.person, now
        session.add(account)
    account.password, account.one_time_until = hashed, None
    session.flush()
    close_sessions(session, account.id)
    audit.note(session, account.id, "handout.use", found.person, {"made_by": found.made_by}, now)
    return account.id


def _account(session: Session, person: str) -> StoredAccount | None:
    return session.scalars(select(StoredAccount).where(StoredAccount.person == person)).one_or_none()


def _login(session: Session, person: Person) -> str:
    """NIP or NI PPPK, else the internal number, else the id; the id where somebody logs in with that already."""
    wanted = (person.number or person.internal_number or person.id).casefold()[:64]
    taken = session.scalars(select(StoredAccount.id).where(StoredAccount.login == wanted)).first()
    return person.id if taken else wanted

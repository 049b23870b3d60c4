"""The audit log as it is looked through: the newest first, with the names of those it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from collector.store.accounts import StoredAccount
from collector.store.audit import AuditEntry
from collector.store.people import Person

MOST = 50_000
"""Most entries in one sheet."""

RECENT = 20_000
"""Entries among which actions to choose from are looked for."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which entries: empty takes all. `who`, `subject`: `action`: exactly;
    from `since` to before `until`; `before`: of smaller numbers only."""

    who: str = ""
    subject: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry with names: of the account that did it, and of the person or account it was done to, if they still are."""

    seq: int
    at: datetime
    who: str
    who_name: str | None
    action: str
    subject: str
    subject_name: str | None
    detail: str
    digest: str


def lines(session: Session, choice: Choice, limit: int = MOST) -> list[Line]:
    """Entries, the newest first. One query."""
    e, doer, done_to = AuditEntry, aliased(StoredAccount), aliased(StoredAccount)
    names = func.coalesce(Person.name, done_to.name)
    query = (
        select(e.seq, e.at, e.who, doer.name, e.action, e.subject, names, e.detail, e.digest)
        .outerjoin(doer, doer.id == e.who)
        .outerjoin(Person, Person.id == e.subject)
        .outerjoin(done_to, done_to.id == e.subject)
    )
    query = _chosen(query, choice).order_by(e.seq.desc()).limit(limit)
    return [Line(*row) for row in session.execute(query)]


def actions(session: Session) -> list[str]:
    """Every action among the newest entries."""
    recent = select(func.coalesce(func.max(AuditEntry.seq), 0) - RECENT).scalar_subquery()
    return sorted(session.scalars(select(AuditEntry.action).where(AuditEntry.seq > recent).distinct()))


def _chosen(query: Any, choice: Choice) -> Any:
    e = AuditEntry
    same = {"who": choice.who, "subject": choice.subject, "action": choice.action}
    query = query.where(*(getattr(e, name) == value for name, value in same.items() if value))
    if choice.since is not None:
        query = query.where(e.at >= choice.since)
    if choice.until is not None:
        query = query.where(e.at < choice.until)
    return query if choice.before is None else query.where(e.seq < choice.before)

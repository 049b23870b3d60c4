"""Accounts as the administrator looks through them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from collector.accounts.roles import Role
from collector.store.accounts import StoredAccount, WebSession
from collector.store.people import Unit


@dataclass(frozen=True, slots=True)
class Choice:
    """Which accounts: of a role (None: any), with this piece in name or login."""

    role: Role | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One account. `browsers`: how many sessions it has; `seen_at`: when one was last used."""

    id: str
    login: str
    name: str
    role: Role
    unit: str | None
    unit_name: str | None
    person: str | None
    one_time_until: datetime | None
    created_at: datetime
    disabled_at: datetime | None
    browsers: int
    seen_at: datetime | None


def count(session: Session, choice: Choice) -> int:
    """How many `listed` would give without a limit. One query."""
    return int(session.scalars(_chosen(select(func.count()).select_from(StoredAccount), choice)).one())


def listed(session: Session, choice: Choice, limit: int, offset: int = 0) -> list[Row]:
    """Accounts: those that are open first, staff before employees, by name. One query."""
    a = StoredAccount
    order = (a.disabled_at.is_not(None), a.role == Role.EMPLOYEE.value, func.lower(a.name), a.id)
    return _rows(session, _chosen(_query(), choice).order_by(*order).limit(limit).offset(offset))


def one(session: Session, account_id: str) -> Row | None:
    """One account, or None."""
    return next(iter(_rows(session, _query().where(StoredAccount.id == account_id))), None)


def _query() -> Any:
    a, w = StoredAccount, WebSession
    open_ = select(w.account, func.count().label("browsers"), func.max(w.seen_at).label("seen_at")).group_by(w.account)
    used = open_.subquery()
    columns = (
        a.id,
        a.login,
        a.name,
        a.role,
        a.unit,
        Unit.name,
        a.person,
        a.one_time_until,
        a.created_at,
        a.disabled_at,
    )
    return (
        select(*columns, func.coalesce(used.c.browsers, 0), used.c.seen_at)
        .outerjoin(Unit, Unit.code == a.unit)
        .outerjoin(used, used.c.account == a.id)
    )


def _chosen(query: Any, choice: Choice) -> Any:
    a = StoredAccount
    if choice.role is not None:
        query = query.where(a.role == choice.role.value)
    if choice.search:
        piece = choice.search.lower()
        found = or_(func.lower(a.name).contains(piece, autoescape=True), a.login.contains(piece, autoescape=True))
        query = query.where(found)
    return query


def _rows(session: Session, query: Any) -> list[Row]:
    facts: list[tuple[Any, ...]] = [(*row[:3], Role(row[3]), *row[4:]) for row in session.execute(query)]
    return [Row(*each) for each in facts]

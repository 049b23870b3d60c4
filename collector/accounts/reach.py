"""Whom an account sees: the whole regency, its unit and those below it, or its own person alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from collector.accounts.book import Account
from collector.accounts.roles import OPD, WHOLE
from collector.people.scope import Tree
from collector.store.people import Assignment, Unit


def units_of(session: Session, account: Account) -> frozenset[str] | None:
    """Codes of the units whose people an account sees; None for all. One query at most."""
    if account.role in WHOLE:
        return None
    if account.role not in OPD or account.unit is None:
        return frozenset()
    units = session.execute(select(Unit.code, Unit.kind, Unit.parent)).all()
    return Tree(units).below(account.unit)


def served(session: Session, units: Collection[str], person: str, since: date, until: date) -> bool:
    """Whether a person serves at one of these units between two days, both included: a superior sees the time at their unit."""
    a = Assignment
    query = (
        select(a.id)
        .where(a.person == person, a.unit.in_(sorted(units)), a.from_day <= until)
        .where(or_(a.until_day.is_(None), a.until_day >= since))
    )
    return bool(units) and session.execute(query.limit(1)).first() is not None


def sees(session: Session, account: Account, person: str, since: date, until: date) -> bool:
    """Whether an account sees a person between two days, both included. Of one's own person one sees all, whatever one's role."""
    if account.role in WHOLE or (account.person is not None and account.person == person):
        return True
    return served(session, units_of(session, account) or (), person, since, until)

"""Whom an account sees: the whole regency, its unit and those below it, or its own person alone. Pages and commands ask here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from collector.accounts.book import Account
from collector.accounts.roles import OPD, WHOLE
from collector.people.scope import Tree
from collector.store.people import Assignment, Unit


@dataclass(frozen=True, slots=True)
class Reach:
    """What an account sees. `units`: codes of the units whose people it sees; None for all."""

    account: Account
    units: frozenset[str] | None

    def over(self, unit: str | None) -> bool:
        """Whether it sees this unit."""
        return self.units is None or unit in self.units

    def sees(self, session: Session, person: str, since: date, until: date) -> bool:
        """Whether it sees a person between two days, both included: a superior sees the time at their unit.

        Of one's own person one sees all, whatever one's role.
        """
        own = self.account.person is not None and self.account.person == person
        return own or self.units is None or _served(session, self.units, person, since, until)


def reach_of(session: Session, account: Account) -> Reach:
    """The reach of an account as the units stand now. One query at most."""
    if account.role in WHOLE:
        return Reach(account, None)
    if account.role not in OPD or account.unit is None:
        return Reach(account, frozenset())
    units = session.execute(select(Unit.code, Unit.kind, Unit.parent)).all()
    return Reach(account, Tree(units).below(account.unit))


def _served(session: Session, units: Collection[str], person: str, since: date, until: date) -> bool:
    a = Assignment
    query = (
        select(a.id)
        .where(a.person == person, a.unit.in_(sorted(units)), a.from_day <= until)
        .where(or_(a.until_day.is_(None), a.until_day >= since))
    )
    return bool(units) and session.execute(query.limit(1)).first() is not None

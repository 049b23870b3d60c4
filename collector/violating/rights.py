"""Who may decide about a violation."""

from __future__ import annotations

from sqlalchemy.orm import Session

from collector.accounts.book import Account
from collector.accounts.roles import BKD
from collector.appealing.contest import concerns
from collector.store.violations import StoredViolation

DECIDERS = BKD


def may_decide(session: Session, account: Account, violation: StoredViolation) -> bool:
    """Only the agency decides, and nobody about themselves."""
    own = account.person is not None and concerns(session, violation, account.person)
    return account.role in DECIDERS and not own

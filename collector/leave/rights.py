"""Who may file, decide about and take back a letter. Pure: an account and a request's row in, yes or no out."""

from __future__ import annotations

from collector.accounts.book import Account
from collector.accounts.roles import BKD, OPD, Role
from collector.leave.requests import APPROVED, FILED, Filed
from collector.rules.letters import Approver

FILERS = BKD | OPD
DECIDERS = BKD | {Role.OPD_HEAD}


def role_of(account: Account) -> Approver:
    """As what an account decides."""
    return Approver.BKD if account.role in BKD else Approver.SUPERIOR


def may_decide(account: Account, row: Filed, state: str = FILED) -> bool:
    """Whether this account decides about a request in this state: never about its own, nor about what it filed and waits."""
    own = state == FILED and account.id == row.filed_by
    above = row.approver == Approver.SUPERIOR or account.role in BKD
    return row.state == state and account.role in DECIDERS and above and not own and account.person != row.person


def may_withdraw(account: Account, row: Filed) -> bool:
    """Who filed takes back what waits; what is approved is taken back by who may decide."""
    if row.state == FILED:
        return account.id == row.filed_by or account.role in DECIDERS
    return may_decide(account, row, APPROVED)

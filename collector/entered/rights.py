"""Who may file a manual list, decide about it and take it back, within their reach. Pure: an account and a list in, yes or no out."""

from __future__ import annotations

from collections.abc import Collection

from collector.accounts.book import Account
from collector.accounts.roles import BKD, OPD, Role
from collector.entered.lists import CONFIRMED, FILED, Filed

FILERS = BKD | OPD
DECIDERS = BKD | {Role.OPD_HEAD}


def may_decide(account: Account, row: Filed, people: Collection[str]) -> bool:
    """Whether this account decides about a list that names these people: never about its own, nor as one of them."""
    own = account.id == row.filed_by or account.person in people
    return row.state == FILED and account.role in DECIDERS and not own


def may_withdraw(account: Account, row: Filed) -> bool:
    """Who filed takes back what waits; what counts is taken back by who may confirm."""
    if row.state == FILED:
        return account.id == row.filed_by or account.role in DECIDERS
    return row.state == CONFIRMED and account.role in DECIDERS

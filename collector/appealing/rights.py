"""Who may file an appeal, see it, and take which step about it. That nobody decides about their own is the case's to say."""

from __future__ import annotations

from collector.accounts.book import Account
from collector.accounts.reach import Reach
from collector.accounts.roles import BKD, OPD, Role
from collector.appealing.listing import Detail
from collector.rules.appeals.case import Act, Actor, Part

FILERS = frozenset({Role.EMPLOYEE}) | OPD | BKD
SUPERIORS = frozenset({Role.OPD_HEAD})
MAY = {Act.SUPPORT: SUPERIORS, Act.OBJECT: SUPERIORS, Act.ACCEPT: BKD, Act.REJECT: BKD, Act.WITHDRAW: FILERS}
"""Whose word each step is."""


def part_of(account: Account, person: str) -> Part:
    """As what an account files for this person: BKD, also past the deadline or once more, unless it is their own."""
    return Part.BKD if account.role in BKD and account.person != person else Part.APPELLANT


def actor_of(account: Account) -> Actor:
    """An account as the case knows it."""
    return Actor(account=account.id, person=account.person or "")


def sees(reach: Reach, found: Detail) -> bool:
    """Whether an appeal is shown: to all staff of its unit, to the person, and to whoever filed it."""
    account = reach.account
    own = account.person is not None and account.person == found.row.person
    return own or reach.over(found.row.unit) or found.steps[0].by == account.id

"""For whom a command acts: an account of the centre, with its role and its reach, as the pages have it."""

from __future__ import annotations

from collections.abc import Collection

import click
from sqlalchemy.orm import Session

from cli.noted import note
from cli.output import Failure
from collector.accounts import book
from collector.accounts.book import Account
from collector.accounts.roles import Role
from collector.people.scope import Tree
from collector.store.people import Unit

by = click.option("--by", required=True, help="Account of the one who acts; its role and unit say what it may.")


def acting(session: Session, login: str, roles: Collection[Role]) -> Account:
    """The account, if it is not disabled and has one of these roles. Raises AccountError, Failure.

    Who files and who decides are told apart by account: a name made up for `--by` would be a second person. No password was asked for: that the account acted by a command, and who sat at the machine, stands in the audit log.
    """
    row = book.find(session, login)
    if row.disabled_at is not None:
        raise Failure(f"account {login!r} is disabled: act by one that is not")
    account = Account(row.id, row.name, Role(row.role), row.unit, row.person)
    if account.role not in roles:
        may = ", ".join(sorted(role.value for role in roles))
        raise Failure(f"{login} is {account.role.value}: this is for {may}")
    note(session, "command.act", account.id)
    return account


def below(session: Session, unit: str) -> frozenset[str]:
    """Codes of a unit and those below it. Raises Failure."""
    rows = session.query(Unit.code, Unit.kind, Unit.parent).all()
    if unit not in {row.code for row in rows}:
        raise Failure(f"unit {unit!r} is not known: name one by its code")
    return Tree(rows).below(unit)

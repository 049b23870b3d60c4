"""For whom a command acts: an account of the centre, with its role and its reach, as the pages have it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.noted import remember
from cli.output import Failure
from collector.accounts import book
from collector.accounts.book import Account
from collector.accounts.reach import reach_of
from collector.accounts.roles import OPD, Role
from collector.people.scope import Tree
from collector.store.accounts import StoredAccount
from collector.store.people import Person, Unit

by = click.option("--by", required=True, help="Account of the one who acts; its role and unit say what it may.")


def acting(session: Session, login: str, roles: Collection[Role]) -> Account:
    """The account, if it is not disabled and has one of these roles. Raises AccountError, Failure.

    Who files and who decides are told apart by account: a name made up for `--by` would be a second person. No password was asked for: that the account acted by a command, and who sat at the machine, stands in the audit log.
    """
    if session.scalars(select(StoredAccount.id).limit(1)).first() is None:
        raise Failure(
            f"there is no account {login!r}, for this centre has none yet: its first start makes {book.FIRST!r}, "
            "and `siperlu collector accounts create LOGIN --role bkd-admin` makes one now"
        )
    row = book.find(session, login)
    if row.disabled_at is not None:
        raise Failure(f"account {login!r} is disabled: act by one that is not")
    account = Account(row.id, row.name, Role(row.role), row.unit, row.person)
    if account.role not in roles:
        may = ", ".join(sorted(role.value for role in roles))
        raise Failure(f"{login} is {account.role.value}: this is for {may}")
    remember(session, account.id)
    return account


def check_unit(session: Session, account: Account, unit: str) -> None:
    """Raises Failure for a unit that the account does not see on the pages."""
    if not reach_of(session, account).over(unit):
        raise out_of_reach(account, unit)


def check_person(session: Session, account: Account, person: str, since: date, until: date) -> None:
    """Raises Failure for a person whom the account does not see on the pages between two days, both included."""
    if session.get(Person, person) is None:
        raise Failure(f"there is no person {person!r}; `siperlu people list` shows their ids")
    if not reach_of(session, account).sees(session, person, since, until):
        days = f"on {since}" if since == until else f"between {since} and {until}"
        raise Failure(
            f"{extent(account)}, and {person} did not serve there {days}: act by an account of their unit, or by BKD's"
        )


def out_of_reach(account: Account, unit: str) -> Failure:
    """What is told of a unit that the account does not see."""
    return Failure(f"{extent(account)}, not {unit}: act by an account of {unit} or of a unit above it, or by BKD's")


def extent(account: Account) -> str:
    """How far an account that does not see all reaches, in words."""
    if account.role in OPD:
        return f"{account.id} reaches {account.unit} and the units below it"
    return f"{account.id} reaches its own person alone"


def below(session: Session, unit: str) -> frozenset[str]:
    """Codes of a unit and those below it. Raises Failure."""
    rows = session.query(Unit.code, Unit.kind, Unit.parent).all()
    if unit not in {row.code for row in rows}:
        raise Failure(f"unit {unit!r} is not known: name one by its code")
    return Tree(rows).below(unit)

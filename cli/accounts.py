"""`siperlu collector accounts …`: who may log in at the centre's pages."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from cli.centre import as_json, config, reading, session
from cli.output import emit, say
from cli.table import show
from collector.accounts import book
from collector.accounts.book import Author, Wish
from collector.accounts.roles import Role
from collector.store.accounts import StoredAccount

ROLES = click.Choice([role.value for role in Role])
LOGIN = click.argument("login")


@click.group()
def command() -> None:
    """Make, list, change and disable accounts."""


@command.command()
@LOGIN
@click.option("--role", required=True, type=ROLES, help="What the account is for.")
@click.option("--name", default="", help="Name shown on the pages. [default: the login]")
@click.option("--unit", help="Code of the unit of an OPD role.")
@click.option("--person", help="Person id of an employee.")
@config
def create(login: str, role: str, name: str, unit: str | None, person: str | None, path: Path | None) -> None:  # noqa: PLR0913, PLR0917 - one parameter an option
    """Make account LOGIN and print its one-time password."""
    with session(path) as (settings, opened):
        wish = Wish(login, name, Role(role), unit, person)
        password = book.create(opened, wish, _author(), timedelta(hours=settings.web.one_time_h))
    _tell(login.casefold(), password)


@command.command("list")
@config
@as_json
def list_(path: Path | None, as_json: bool) -> None:
    """List every account."""
    with reading(path) as (_, opened):
        found = [_public(one) for one in opened.scalars(select(StoredAccount).order_by(StoredAccount.id))]
    if as_json:
        emit({"accounts": found})
        return
    rows = [[str(one[key] or "") for key in ("id", "name", "role", "unit", "person", "state")] for one in found]
    show(["account", "name", "role", "unit", "person", "state"], rows)


@command.command()
@LOGIN
@config
def reset(login: str, path: Path | None) -> None:
    """Give account LOGIN a new one-time password; its browsers are logged out."""
    with session(path) as (settings, opened):
        password = book.reset(opened, login, _author(), timedelta(hours=settings.web.one_time_h))
    _tell(login, password)


@command.command()
@LOGIN
@config
def disable(login: str, path: Path | None) -> None:
    """Let nobody log in as LOGIN from now on."""
    with session(path) as (_, opened):
        book.disable(opened, login, _author())
    say(f"{login}: disabled")


@command.command()
@LOGIN
@config
def enable(login: str, path: Path | None) -> None:
    """Open a disabled account LOGIN again and print its one-time password."""
    with session(path) as (settings, opened):
        password = book.enable(opened, login, _author(), timedelta(hours=settings.web.one_time_h))
    _tell(login, password)


@command.command()
@LOGIN
@click.option("--role", required=True, type=ROLES, help="What the account is for from now on.")
@click.option("--unit", help="Code of the unit of an OPD role.")
@config
def change(login: str, role: str, unit: str | None, path: Path | None) -> None:
    """Give account LOGIN another role or unit; its browsers are logged out."""
    with session(path) as (_, opened):
        book.change(opened, login, _author(), Role(role), unit)
    say(f"{login}: {role}{f' of {unit}' if unit else ''}")


def _author() -> Author:
    return Author(f"command:{getpass.getuser()}", datetime.now(UTC))


def _tell(login: str, password: str) -> None:
    say(f"{login}: log in with this password once, it must be changed then:")
    click.echo(password)


def _public(one: StoredAccount) -> dict[str, Any]:
    state = "disabled" if one.disabled_at else "one-time password" if one.one_time_until else "active"
    return {"id": one.id, "name": one.name, "role": one.role, "unit": one.unit, "person": one.person, "state": state}

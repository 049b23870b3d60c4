"""`siperlu collector orders …`: sealed commands to kiosks, and what became of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from cli.acting import acting, by
from cli.centre import as_json, config, reading, session
from cli.noted import note
from cli.output import emit, say
from cli.rollouts import pair
from cli.table import show
from collector.accounts.roles import ADMIN
from collector.commands import Answer, cancel, order, orders_of
from collector.commands.orders import COMMANDS
from wire.messages import CommandName


@click.group()
def command() -> None:
    """Order kiosks to do something from a closed list, and read their answers."""


@command.command()
@click.argument("kiosks", metavar="KIOSK…", nargs=-1, required=True)
@click.option("--command", "name", type=click.Choice(COMMANDS), required=True, help="What it is to do.")
@click.option("--argument", "arguments", metavar="NAME=VALUE", multiple=True, help="An argument; may be repeated.")
@click.option("--hours", type=click.IntRange(1, 90 * 24), default=24, show_default=True, help="How long it holds.")
@by
@config
@as_json
def give(  # noqa: PLR0913, PLR0917 - one parameter an option
    kiosks: tuple[str, ...],
    name: CommandName,
    arguments: tuple[str, ...],
    hours: int,
    by: str,
    path: Path | None,
    as_json: bool,
) -> None:
    """Order each KIOSK to do something. All get the order, or none when one of them cannot."""
    told = dict(pair(each) for each in arguments)
    now, ttl = datetime.now(UTC), timedelta(hours=hours)
    with session(path) as (_, opened):
        connection, who = opened.connection(), acting(opened, by, ADMIN).id
        given = {kiosk: order(connection, kiosk, name, told, by=who, now=now, ttl=ttl) for kiosk in kiosks}
        for kiosk, number in given.items():
            note(opened, f"kiosk.{name}", kiosk, order=number)
    say(f"{name} is ordered of {len(given)} kiosks; `siperlu collector orders list KIOSK` shows the answer")
    if as_json:
        emit({"orders": given})


@command.command("list")
@click.argument("kiosk")
@config
@as_json
def list_(kiosk: str, path: Path | None, as_json: bool) -> None:
    """The newest orders to KIOSK and its answers."""
    with reading(path) as (_, opened):
        found = [_public(one) for one in orders_of(opened.connection(), kiosk)]
    if as_json:
        emit({"orders": found})
        return
    rows = [[one["at"], one["command"], one["state"], one["by"], str(one["detail"] or "")] for one in found]
    show(["ordered", "command", "state", "by", "answer"], rows)


@command.command("cancel")
@click.argument("number", metavar="ORDER")
@config
def cancel_(number: str, path: Path | None) -> None:
    """Take ORDER back, if it was never sent."""
    with session(path) as (_, opened):
        kiosk = cancel(opened.connection(), number, datetime.now(UTC))
        note(opened, "kiosk.cancel", kiosk, order=number)
    say(f"{number}: cancelled")


def _public(one: Answer) -> dict[str, Any]:
    moments = {"at": one.at, "expires": one.expires, "sent_at": one.sent_at, "replied_at": one.replied_at}
    told = {name: moment and moment.isoformat(timespec="seconds") for name, moment in moments.items()}
    return {"id": one.id, "command": one.command, "by": one.by, "state": one.state.value, **told, "detail": one.detail}

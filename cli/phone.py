"""`siperlu phone …`: tokens by which telephone applications send presence."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from cli.acting import acting, by
from cli.centre import as_json, config, reading, session
from cli.output import emit, say
from cli.table import show
from collector.accounts.roles import BKD
from collector.phones import tokens


@click.group()
def command() -> None:
    """Presence by telephone."""


@command.group()
def token() -> None:
    """Tokens: one an application and OPD, told once, revocable."""


@token.command()
@click.option("--name", required=True, help="The application, e.g. e-presensi DISDIK.")
@click.option("--unit", help="Unit for whose people it sends, those below included; without it for all.")
@click.option("--days", type=int, default=365, show_default=True, help="How long it holds.")
@by
@config
@as_json
def issue(name: str, unit: str | None, days: int, by: str, path: Path | None, as_json: bool) -> None:  # noqa: PLR0913, PLR0917
    """Issue a token. It is shown this once; only its digest is kept."""
    with session(path) as (_, opened):
        told = tokens.issue(opened, name, unit, days, acting(opened, by, BKD).id, datetime.now(UTC))
    say("give this to the application by a safe way; it is shown only now:")
    if as_json:
        emit({"token": told, "id": told.split("_")[1]})
    else:
        click.echo(told)


@token.command()
@click.argument("token_id", metavar="ID")
@by
@click.option("--reason", required=True, help="Why.")
@config
def revoke(token_id: str, by: str, reason: str, path: Path | None) -> None:
    """Revoke the token of this ID, for ever; what it sent stays."""
    with session(path) as (_, opened):
        tokens.revoke(opened, token_id, acting(opened, by, BKD).id, reason, datetime.now(UTC))
    say(f"{token_id}: revoked")


@token.command("list")
@config
@as_json
def list_(path: Path | None, as_json: bool) -> None:
    """All tokens, the newest first. None shows its secret: nobody has it."""
    now = datetime.now(UTC)
    with reading(path) as (_, opened):
        rows = [
            {
                "id": one.id,
                "name": one.name,
                "unit": one.unit or "",
                "until": f"{one.until:%Y-%m-%d}",
                "used": f"{one.used_at:%Y-%m-%d %H:%M}" if one.used_at else "",
                "state": "revoked" if one.revoked_at else "ended" if one.until <= now else "valid",
            }
            for one in tokens.listed(opened)
        ]
    show(["id", "name", "unit", "until", "used", "state"], [list(row.values()) for row in rows], on_stderr=as_json)
    if as_json:
        emit({"tokens": rows})

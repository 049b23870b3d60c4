"""`siperlu collector kiosks …`: which kiosks the centre believes, and whom they know."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cli.centre import as_json, config, reading, session
from cli.claims import claim
from cli.noted import note
from cli.output import Failure, emit, say
from cli.revoke import revoke
from cli.table import show
from collector.people import kiosks
from collector.people.kiosks import Registration, Wish
from collector.people.scope import Scope


@click.group()
def command() -> None:
    """Register, list and retire kiosks."""


command.add_command(claim)
command.add_command(revoke)


@command.command()
@click.argument("kiosk", metavar="ID")
@click.option("--unit", required=True, help="Code of the unit it hangs at.")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.UNIT.value,
    show_default=True,
    help="Whom it knows: its unit and those below, its whole OPD or kecamatan, or all.",
)
@click.option(
    "--keys", "file", required=True, type=click.Path(path_type=Path), help="What `siperlu kiosk keys` prints."
)
@config
def add(kiosk: str, unit: str, scope: str, file: Path, path: Path | None) -> None:
    """Register kiosk ID, or give a registered one another unit, scope or further keys."""
    text = _read(file)
    with session(path) as (_, opened):
        wish = Wish(kiosk, unit, Scope(scope), kiosks.read_keys(text))
        done = kiosks.register(opened, wish, datetime.now(UTC))
        note(opened, "kiosk.register", done.id, unit=done.unit, scope=done.scope.value)
    say(f"{done.id}: at {done.unit}, knows {done.scope}, believed by {', '.join(done.keys)}")


@command.command()
@click.argument("kiosk", metavar="ID")
@config
def retire(kiosk: str, path: Path | None) -> None:
    """Take kiosk ID out of service: it forgets everybody on its next contact."""
    with session(path) as (_, opened):
        kiosks.retire(opened, kiosk, datetime.now(UTC))
        note(opened, "kiosk.retire", kiosk)
    say(f"{kiosk}: retired")


@command.command()
@click.argument("kiosk", metavar="ID")
@click.option(
    "--on/--off", "by_stick", required=True, help="Whether its records come on a USB stick, without a network."
)
@config
def stick(kiosk: str, by_stick: bool, path: Path | None) -> None:
    """Say that kiosk ID has no network: it is missed after five weeks then, not after ten minutes."""
    with session(path) as (_, opened):
        kiosks.bring_by_stick(opened, kiosk, by_stick=by_stick)
        note(opened, "kiosk.stick", kiosk, by_stick="on" if by_stick else "off")
    say(f"{kiosk}: {'brings its records by stick' if by_stick else 'is expected on the network'}")


@command.command("list")
@config
@as_json
def list_(path: Path | None, as_json: bool) -> None:
    """List every kiosk."""
    with reading(path) as (_, opened):
        found = [_public(one) for one in kiosks.registered(opened)]
    if as_json:
        emit({"kiosks": found})
        return
    rows = [[one["id"], one["unit"], one["scope"], one["retired_at"] or "", " ".join(one["keys"])] for one in found]
    show(["kiosk", "unit", "scope", "retired", "keys"], rows)


def _public(one: Registration) -> dict[str, Any]:
    retired = one.retired_at.isoformat(timespec="seconds") if one.retired_at else None
    return {"id": one.id, "unit": one.unit, "scope": one.scope.value, "retired_at": retired, "keys": list(one.keys)}


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{file}: cannot be read ({error}); it is what `siperlu kiosk keys` prints") from error

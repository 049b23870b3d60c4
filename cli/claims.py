"""`siperlu collector kiosks claim`: one-time codes, and the inventory file that provisioning goes by."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.centre import as_json, config, session
from cli.output import Failure, emit, say
from collector import audit
from collector.authority import claims
from collector.authority.berths import next_names
from collector.authority.claims import Berth
from collector.people.scope import Scope
from collector.store.authority import Claim
from collector.store.people import Kiosk

HEAD = """# Kiosks to provision: write each one's SSH address, then `siperlu provision --inventory` this file.
# The claim codes are credentials: each registers one kiosk, once, until {until:%Y-%m-%d %H:%M} UTC. Delete the file afterwards.
"""


@dataclass(frozen=True, slots=True)
class Coded:
    """A berth and its code."""

    berth: Berth
    code: str


@click.command()
@click.option("--unit", required=True, help="Code of the unit they will hang at.")
@click.option("--id", "kiosk", help="Name of the one kiosk. [default: unit's code and the next free number]")
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 1000), help="How many kiosks.")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.UNIT.value,
    show_default=True,
    help="Whom they will know.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write an inventory for provisioning, mode 0600.")
@config
@as_json
def claim(  # noqa: PLR0913, PLR0917 - one parameter an option
    unit: str, kiosk: str | None, count: int, scope: str, out: Path | None, path: Path | None, as_json: bool
) -> None:
    """Make one-time claim codes that kiosks register with; an unused one of the same kiosk is void then."""
    if kiosk and count != 1:
        raise Failure("--id names one kiosk: leave --count out, or leave --id out and take the next free names")
    with session(path) as (settings, opened):
        now, life = datetime.now(UTC), timedelta(days=settings.authority.claim_days)
        names = [kiosk] if kiosk else next_names(unit, _taken(opened), count)
        made = [_make(opened, Berth(name, unit, Scope(scope)), now, life) for name in names]
        if out:
            _write(out, made, now + life)
    _tell(made, out, as_json=as_json)


def _make(opened: Session, berth: Berth, now: datetime, life: timedelta) -> Coded:
    by = f"command:{getpass.getuser()}"
    code = claims.make(opened.connection(), berth, by=by, now=now, life=life)
    audit.note(opened, by, "kiosk.claim", berth.kiosk, {"unit": berth.unit, "scope": berth.scope.value}, now)
    return Coded(berth, code)


def _taken(opened: Session) -> set[str]:
    return {*opened.scalars(select(Kiosk.id)), *opened.scalars(select(Claim.kiosk))}


def _tell(made: Sequence[Coded], out: Path | None, *, as_json: bool) -> None:
    if as_json:
        rows = [
            {"id": one.berth.kiosk, "unit": one.berth.unit, "scope": one.berth.scope.value, "claim": one.code}
            for one in made
        ]
        emit({"claims": rows})
    elif out:
        say(f"{out}: {len(made)} kiosks; write each one's address, then siperlu provision --inventory {out}")
    else:
        for one in made:
            click.echo(f"{one.berth.kiosk}  {one.code}")


def _write(path: Path, made: Sequence[Coded], until: datetime) -> None:
    """Never over another: its codes may be on their way to kiosks."""
    text = HEAD.format(until=until) + "".join(_block(one) for one in made)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}; choose another name. No code was made.") from error


def _block(one: Coded) -> str:
    berth = one.berth
    values = {"host": "", "id": berth.kiosk, "unit": berth.unit, "scope": berth.scope.value, "claim": one.code}
    lines = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())
    return "\n".join(["", "[[kiosk]]", *lines, ""])

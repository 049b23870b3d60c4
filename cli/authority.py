"""`siperlu collector authority …`: the certificate authority of the centre. Run as root."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from cli.centre import as_json, config, failures
from cli.output import emit, say
from collector.authority import claims, founding
from collector.authority.authority import Authority, issuers_in
from collector.authority.equipping import Places, equip, own_files
from collector.authority.status import state_of
from collector.settings import CollectorSettings
from settings import load
from wire.registration import read_claim

ROOT_FILE = click.option(
    "--root-file",
    required=True,
    type=click.Path(path_type=Path),
    help="The root's file: key and certificate, encrypted.",
)


@click.group()
def command() -> None:
    """Make the authority, its next sub-CA, and the centre's own certificates."""


@command.command()
@ROOT_FILE
@config
@as_json
def found(root_file: Path, path: Path | None, as_json: bool) -> None:
    """Make root and first sub-CA, once. The root's key is in --root-file alone: take it off this machine."""
    with failures():
        settings = load(CollectorSettings, path)
        folder = settings.authority.folder
        if issuers_in(folder):
            authority, passphrase = Authority.open(folder), None
        else:
            passphrase = claims.new_code()
            authority = founding.found(folder, root_file, passphrase, settings.reports.regency, datetime.now(UTC))
    if as_json:
        emit({"made": passphrase is not None, "passphrase": passphrase, "until": authority.newest.until.isoformat()})
        return
    if passphrase is None:
        say(f"{folder}: there is an authority, nothing changed")
        return
    say(
        f"the root's file is {root_file}: copy it to two sticks, lock them away, delete it here. Its passphrase, told once:"
    )
    click.echo(passphrase)


@command.command()
@ROOT_FILE
@click.option("--passphrase", prompt=True, hide_input=True, help="As it was told when the authority was made.")
@config
def renew(root_file: Path, passphrase: str, path: Path | None) -> None:
    """Make the next sub-CA: it issues from now on, what older ones issued stays good until it ends."""
    with failures():
        settings = load(CollectorSettings, path)
        place = settings.authority.folder
        made = founding.renew(place, root_file, read_claim(passphrase), settings.reports.regency, datetime.now(UTC))
    say(f"sub-CA {max(made.issuers)} issues until {made.newest.until:%Y-%m-%d}; take the root's file away again")


@command.command("equip")
@click.option(
    "--host", "hosts", required=True, multiple=True, help="Name or address of this centre; as often as needed."
)
@click.option(
    "--keys",
    default=Path("/etc/siperlu/keys"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of the secret keys.",
)
@config
@as_json
def equip_(hosts: tuple[str, ...], keys: Path, path: Path | None, as_json: bool) -> None:
    """Make the certificates of the broker, the pages and the centre's processes; those that are there and fit stay."""
    with failures():
        settings = load(CollectorSettings, path)
        own = settings.authority
        for folder in (own.served, keys):
            folder.mkdir(parents=True, exist_ok=True)
        places, life = Places(own.served, keys), timedelta(days=own.life_days)
        made = equip(Authority.open(own.folder), places, hosts, datetime.now(UTC), life)
    say(f"made {', '.join(made)}" if made else "nothing changed")
    if as_json:
        emit({"made": made})


@command.command()
@config
@as_json
def show(path: Path | None, as_json: bool) -> None:
    """Tell when the root, each sub-CA and the centre's own certificates end."""
    with failures():
        settings = load(CollectorSettings, path)
        own = settings.authority
        ends = state_of(Authority.open(own.folder), own_files(own.served))
    for name, until in ends.items():
        say(f"{name}: until {until:%Y-%m-%d}")
    if as_json:
        emit({name: until.isoformat() for name, until in ends.items()})

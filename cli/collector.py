"""`siperlu collector …`: the centre's processes, and what its IT staff asks of them."""

from __future__ import annotations

import importlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cli.centre import as_json, config, failures, reading
from cli.output import Failure, emit, say
from collector.settings import CollectorSettings
from collector.store.writer import Writer
from settings import load

LATER = {
    "accounts": "cli.accounts",
    "audit": "cli.audit",
    "authority": "cli.authority",
    "export": "cli.records",
    "export-stick": "cli.stick_export",
    "import-stick": "cli.stick_import",
    "kiosks": "cli.kiosks",
    "orders": "cli.orders",
    "register-request": "cli.register_request",
    "releases": "cli.releases",
    "retention": "cli.retention",
    "rollouts": "cli.rollouts",
}
PAGE = 1000


class Collector(click.Group):
    """Loads a sub-group of another file only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command."""
        return sorted([*super().list_commands(ctx), *LATER])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of this file, or the other module's own, which names it `command`."""
        module = LATER.get(cmd_name)
        return importlib.import_module(module).command if module else super().get_command(ctx, cmd_name)


@click.group(cls=Collector)
def command() -> None:
    """Run and look after the centre."""


def _serve(path: Path | None, role: str | None) -> None:
    from collector.__main__ import serve  # noqa: PLC0415 - loads broker and pages
    from collector.app import EVERYTHING, Role  # noqa: PLC0415

    try:
        with failures():
            serve(load(CollectorSettings, path), frozenset({Role(role)}) if role else EVERYTHING)
    except OSError as error:
        raise Failure(f"the centre cannot start: {error}") from error


@command.command()
@config
def run(path: Path | None) -> None:
    """Ingest, jobs and pages in one process. Ends with SIGTERM."""
    _serve(path, None)


@command.command()
@config
def ingest(path: Path | None) -> None:
    """Take records in; needs PostgreSQL. Ends with SIGTERM."""
    _serve(path, "ingest")


@command.command()
@config
def jobs(path: Path | None) -> None:
    """Publish rosters; needs PostgreSQL. Ends with SIGTERM."""
    _serve(path, "jobs")


@command.command()
@config
def web(path: Path | None) -> None:
    """Serve the pages on 127.0.0.1; needs PostgreSQL. Ends with SIGTERM."""
    _serve(path, "web")


@command.command()
@config
def migrate(path: Path | None) -> None:
    """Bring the database to the version of this program."""
    from collector.store import migrate as migrations  # noqa: PLC0415
    from collector.store.engine import open_engine  # noqa: PLC0415

    with failures(), Writer(open_engine(load(CollectorSettings, path).store.url)) as writer:
        migrations.upgrade(writer.engine)
    say(f"the database is at version {migrations.head()}")


@command.command()
@config
def keys(path: Path | None) -> None:
    """Print the centre's public keys, made if there are none: each kiosk's folders.centre_keys file."""
    from collector.keys import CentreKeys  # noqa: PLC0415
    from wire.jwks import readable  # noqa: PLC0415

    with failures():
        centre = CentreKeys.open(load(CollectorSettings, path).store.keys)
    click.echo(readable(centre.public), nl=False)


@command.command()
@config
@as_json
def gaps(path: Path | None, as_json: bool) -> None:
    """List the records that have not arrived although later ones of the same chain have."""
    from collector.reports.kiosks import kiosks  # noqa: PLC0415

    found: list[dict[str, Any]] = []
    with reading(path) as (_, session):
        offset = 0
        while page := kiosks(session, PAGE, offset):
            found += [{"kiosk": one.id, **asdict(gap)} for one in page for gap in one.gaps]
            offset += PAGE
    for gap in found:
        say(f"{gap['kiosk']} chain {gap['chain']}: {gap['first']} to {gap['last']}")
    say(f"{len(found)} gaps")
    if as_json:
        emit({"gaps": found})

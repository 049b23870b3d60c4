"""`siperlu config …`: what the settings are, what was changed, and what is wrong with a file."""

from __future__ import annotations

import tomllib
from pathlib import Path

import click

from cli.output import Failure, say
from collector.settings import CollectorSettings
from kiosk.settings import KioskSettings
from settings import Settings, SettingsError, load, reference, render

FILES: dict[str, type[Settings]] = {"kiosk": KioskSettings, "collector": CollectorSettings}

which = click.argument("which", type=click.Choice(list(FILES)))
config = click.option("--config", "path", type=click.Path(path_type=Path), help="Settings file; the defaults without.")


@click.group()
def command() -> None:
    """Show and check settings."""


@command.command()
@which
@config
def show(which: str, path: Path | None) -> None:
    """Print the effective settings as TOML, each key with its sentence and unit."""
    click.echo(render(_read(which, path)), nl=False)


@command.command()
@which
@config
def diff(which: str, path: Path | None) -> None:
    """Print only what differs from the defaults."""
    click.echo(render(_read(which, path), changed_only=True), nl=False)


@command.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--as", "which", type=click.Choice(list(FILES)), help="Whose file it is; told by its tables without.")
def check(path: Path, which: str | None) -> None:
    """List everything that is wrong with FILE; exit status 1 when anything is."""
    which = which or _whose(path)
    _read(which, path)
    say(f"{path}: a good {which} file")


@command.command("reference")
def reference_page() -> None:
    """Print the reference of every key in Markdown: docs/settings.md."""
    click.echo(reference(FILES), nl=False)


def _read(which: str, path: Path | None) -> Settings:
    try:
        return load(FILES[which], path)
    except SettingsError as error:
        raise Failure(str(error)) from error


def _whose(path: Path) -> str:
    """The file's owner: whose tables it has more of. Raises Failure when that does not tell."""
    try:
        tables = set(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Failure(f"{path}: cannot be read as TOML ({error}); check the path and the line it names") from error
    shared = {name: len(tables & set(model.model_fields)) for name, model in FILES.items()}
    best = max(shared.values())
    owners = [name for name, count in shared.items() if count == best]
    if len(owners) > 1:
        raise Failure(f"{path}: its tables do not tell whose it is; say --as {' or --as '.join(FILES)}")
    return owners[0]

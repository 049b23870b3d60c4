"""`siperlu collector releases …`: releases that kiosks fetch when an update asks for them."""

from __future__ import annotations

from pathlib import Path

import click

from cli.centre import as_json, config, failures
from cli.output import Failure, emit, say
from collector.fleet.shelf import Shelf
from collector.settings import CollectorSettings
from settings import load
from wire.errors import WireError
from wire.jwks import KEY_SET

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Lay out releases that kiosks fetch when an update asks for them."""


@command.command()
@click.argument("bundle", type=FILE)
@click.option("--release-keys", required=True, type=FILE, help="Public release keys, as kiosks have them.")
@config
@as_json
def add(bundle: Path, release_keys: Path, path: Path | None, as_json: bool) -> None:
    """Lay out the release in BUNDLE; `siperlu collector rollouts begin VERSION` then brings it to the kiosks."""
    with failures():
        try:
            ring = KEY_SET.decode(release_keys.read_bytes()).keyring()
        except WireError as error:
            raise Failure(f"{release_keys}: {error}; give the file that `siperlu release keygen` wrote") from error
        release = _shelf(path).put(bundle, ring)
    made = ", ".join(sorted(release.targets))
    say(f"release {release.version} ({made}) is laid out")
    if as_json:
        emit({"version": release.version, "targets": sorted(release.targets)})


@command.command("list")
@config
@as_json
def list_(path: Path | None, as_json: bool) -> None:
    """What is laid out, the newest first."""
    with failures():
        versions = _shelf(path).versions()
    for version in versions:
        say(version)
    if as_json:
        emit({"releases": versions})


@command.command()
@click.argument("version")
@config
def remove(version: str, path: Path | None) -> None:
    """Take VERSION away; kiosks that have it keep it."""
    with failures():
        _shelf(path).remove(version)
    say(f"release {version} is taken away")


def _shelf(path: Path | None) -> Shelf:
    return Shelf(load(CollectorSettings, path).releases.folder)

"""`siperlu models …`: what weights there are, and getting them onto this machine."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from cli.output import Failure, emit, say
from models import build as building
from models import manifest, store
from models.errors import ModelsError

_TO = click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of weights. [default: the checkout's]",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")


@click.group()
def command() -> None:
    """Weights: list, build, install, verify."""


@command.command("list")
@_TO
@_JSON
def list_models(folder: Path | None, as_json: bool) -> None:
    """Every model of the manifest: licence, origin, and whether it is installed."""
    target = folder or store.default_folder()
    found = [store.look(card, target) for card in manifest.cards()]
    if as_json:
        emit({"folder": str(target), "models": [_row(entry) for entry in found]})
        return
    table = Table("model", "kind", "licence", "state", "origin", title=str(target))
    for entry in found:
        table.add_row(entry.card.name, entry.card.kind, entry.card.licence, entry.state, entry.card.origin)
    Console(stderr=True).print(table)


def _row(entry: store.Installed) -> dict[str, str]:
    card = entry.card
    return {
        "name": card.name, "kind": card.kind, "file": card.file, "sha256": card.sha256, "licence": card.licence,
        "origin": card.origin, "state": entry.state, "note": card.note,
    }  # fmt: skip


@command.command()
@_TO
@_JSON
def build(folder: Path | None, as_json: bool) -> None:
    """Make what comes from packages: dlib's ResNet as ONNX, compared with dlib itself, and the landmark predictor."""
    target = folder or store.default_folder()
    try:
        made = building.build(target)
    except ModelsError as error:
        raise Failure(str(error)) from error
    say(f"{target}: {', '.join(path.name for path in made)}")
    if as_json:
        emit({"folder": str(target), "files": [path.name for path in made]})


@command.command()
@click.argument("source")
@click.option(
    "--only", multiple=True, help="Name of a model; may be given several times. [default: all that are found]"
)
@_TO
@_JSON
def install(source: str, only: tuple[str, ...], folder: Path | None, as_json: bool) -> None:
    """Install models from SOURCE: a folder, searched by SHA-256, `upstream`, or the https address of one file."""
    target = folder or store.default_folder()
    try:
        wanted = [manifest.card(name) for name in only] or [card for card in manifest.cards() if not card.test_only]
        made = _install(source, wanted, target)
    except ModelsError as error:
        raise Failure(str(error)) from error
    say(f"{target}: {', '.join(made)}")
    if as_json:
        emit({"folder": str(target), "installed": made})


def _install(source: str, wanted: list[manifest.Card], target: Path) -> list[str]:
    if source == "upstream":
        chosen = [card for card in wanted if card.address]
        return [store.fetch_in(card.address, card, target).name for card in chosen]
    if "://" in source:
        if len(wanted) != 1:
            raise Failure(f"{source}: an address holds one file; say which model with --only NAME")
        return [store.fetch_in(source, wanted[0], target).name]
    if not Path(source).is_dir():
        raise Failure(f"{source}: no such folder; give a folder, `upstream`, or an https address")
    found = store.search(Path(source), wanted)
    if not found:
        raise Failure(f"{source}: no file there has a SHA-256 of the manifest; nothing was installed")
    return [store.copy_in(path, manifest.card(name), target).name for name, path in found.items()]


@command.command()
@_TO
@_JSON
def verify(folder: Path | None, as_json: bool) -> None:
    """Hash every installed file again; fails when one is not the manifest's."""
    target = folder or store.default_folder()
    found = [store.look(card, target) for card in manifest.cards()]
    altered = [entry.path.name for entry in found if entry.state is store.State.ALTERED]
    right = [entry.path.name for entry in found if entry.state is store.State.RIGHT]
    if as_json:
        emit({"folder": str(target), "right": right, "altered": altered})
    if altered:
        raise Failure(f"{target}: {', '.join(altered)}: not the manifest's; delete and install again")
    if not right:
        raise Failure(f"{target}: no weights there; `siperlu models build` makes those that come from packages")
    say(f"{target}: {len(right)} right")

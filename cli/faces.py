"""`siperlu people faces FOLDER`: templates from photos, and why the others were refused."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from cli.centre import as_json, centre, config, today
from cli.output import Failure, emit, say
from cli.table import show
from collector.keys import CentreKeys
from collector.people import faces, photos, sheet
from collector.people.faces import Refused, Report, Study
from collector.settings import CollectorSettings
from models.engine import open_engine

SHOWN_ROWS = 40


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@config
@click.option(
    "--create", metavar="UNIT", help="Make people for folders nobody is named like, at this unit (for demos)."
)
@click.option("--report", type=click.Path(path_type=Path), help="Where the refused photos are written, as CSV.")
@as_json
def command(folder: Path, path: Path | None, create: str | None, report: Path | None, as_json: bool) -> None:
    """Enrol faces from FOLDER/<person>/<pictures>.

    A person's folder is named by id, NIP, internal id or exact name. The template they had is replaced.
    """
    with centre(path) as (settings, writer):
        keys = CentreKeys.open(settings.store.keys)
        study = _study(folder, settings)
        with writer.session() as session:
            found = faces.store(session, study, keys, today=today(settings), create_in=create)
    if report is not None:
        _save(report, found.refused)
    _tell(found, as_json)


def _study(folder: Path, settings: CollectorSettings) -> Study:
    people = photos.find(folder)
    engine = open_engine(settings.rosters.weights, embedder=settings.rosters.embedder)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("photos", total=sum(map(len, people.values())))
        return faces.study(people, engine, lambda _: progress.advance(task))


def _save(target: Path, refused: tuple[Refused, ...]) -> None:
    try:
        target.write_bytes(sheet.write(["foto", "alasan"], [[one.path, one.reason] for one in refused]))
    except OSError as error:
        raise Failure(
            f"{target}: {error.strerror}; the faces are enrolled, name another file for the report"
        ) from error
    say(f"refused photos: {target}")


def _tell(found: Report, as_json: bool) -> None:
    if found.refused:
        rows = [[repr(one.path)[1:-1], one.reason] for one in found.refused[:SHOWN_ROWS]]
        show(["refused", "why"], rows, on_stderr=True)
    if len(found.refused) > SHOWN_ROWS:
        say(f"… and {len(found.refused) - SHOWN_ROWS} more")
    for pair in found.look_alikes:
        say(f"warning: {pair.person} and {pair.other} look alike ({pair.cosine:.3f}); are they one person?")
    if as_json:
        emit(asdict(found))
        return
    say(f"{len(found.enrolled)} enrolled, {found.created} of them made, {len(found.refused)} refused")

"""`siperlu collector export-stick`: what is due to kiosks without a network, on a stick."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.centre import as_json, centre, config
from cli.output import Failure, emit, say
from collector.keys import CentreKeys
from collector.sticks import visits
from collector.sticks.giving import give, give_bundle, order_update, wanted
from collector.store.writer import Writer
from stick import NotMarkedError, StickError, StickFolder, mark
from wire.stick import bundle_version

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@contextmanager
def opened(folder: Path) -> Iterator[StickFolder]:
    """A marked stick. Raises Failure for one that is not, and for whatever goes wrong with it meanwhile."""
    try:
        with closing(StickFolder(folder)) as stick:
            yield stick
    except NotMarkedError as error:
        raise Failure(f"{error}; `siperlu collector export-stick --mark` makes it one") from error
    except StickError as error:
        raise Failure(str(error)) from error


def by() -> str:
    """Who is noted for what a command does."""
    return f"command:{getpass.getuser()}"


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--kiosk", "kiosks", metavar="ID", multiple=True, help="Only for this kiosk; may be repeated.")
@click.option(
    "--bundle",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A release for them, too, and the order to update to it.",
)
@click.option("--mark", "marking", is_flag=True, help="Make FOLDER a stick of ours first.")
@config
@as_json
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    folder: Path, kiosks: tuple[str, ...], bundle: Path | None, marking: bool, path: Path | None, as_json: bool
) -> None:
    """Write receipts, roster and commands on the stick mounted at FOLDER, all sealed.

    Without --kiosk: for the kiosks that the stick has been at, or else for all that live by sticks.
    """
    if marking:
        try:
            mark(folder)
        except StickError as error:
            raise Failure(str(error)) from error
    with centre(path) as (settings, writer), opened(folder) as stick:
        keys = CentreKeys.open(settings.store.keys)
        with writer.session() as session:
            chosen = wanted(session, stick, kiosks)
        if bundle:
            _bring(stick, writer, bundle, chosen)
        given = [give(stick, writer, keys, kiosk, datetime.now(UTC)) for kiosk in chosen]
        with writer.session() as session:
            visits.given(session, given, by(), datetime.now(UTC))
    for one in given:
        say(f"{one.kiosk}: {one.receipts} receipts, roster of {one.roster} messages, {one.commands} commands")
    say("unmount the stick before you pull it out")
    if as_json:
        emit({"given": [asdict(one) for one in given], "bundle": bundle.name if bundle else None})


def _bring(stick: StickFolder, writer: Writer, bundle: Path, kiosks: Sequence[str]) -> None:
    """The release for each, and the order to update to it: first of all, for a command on a stick cannot be taken back."""
    for kiosk in kiosks:
        give_bundle(stick, bundle, kiosk)
    with writer.session() as session:
        for kiosk in kiosks:
            order_update(session, kiosk, str(bundle_version(bundle.name)), by(), datetime.now(UTC))

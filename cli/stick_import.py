"""`siperlu collector import-stick`: what kiosks without a network wrote on a stick, and at once what is due to them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from cli.centre import as_json, centre, config
from cli.output import Failure, emit, say
from cli.stick_export import FOLDER, by, opened
from collector.ingest.intake import Intake
from collector.keys import CentreKeys
from collector.sticks import visits
from collector.sticks.giving import give, registered
from collector.sticks.taking import Taken, Taker, take_one
from collector.store.writer import Writer
from stick import StickError, StickFolder

TOLD = 5


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--only", is_flag=True, help="Write nothing back: the receipts go another way.")
@config
@as_json
def command(folder: Path, only: bool, path: Path | None, as_json: bool) -> None:
    """Take in what kiosks wrote on the stick mounted at FOLDER, then write receipts, roster and commands for them.

    Every message is verified as if it had come over the network; the same stick again changes nothing.
    """
    with centre(path) as (settings, writer), opened(folder) as stick:
        keys = CentreKeys.open(settings.store.keys)
        taken, refused = _take(stick, writer, keys)
        given = []
        with writer.session() as session:
            visits.came(session, taken, by(), _now())
            visits.unreadable(session, refused, by(), _now())
        if taken and not only:
            with writer.session() as session:
                kiosks = registered(session, [one.kiosk for one in taken])
            given = [give(stick, writer, keys, kiosk, _now()) for kiosk in kiosks]
            with writer.session() as session:
                visits.given(session, given, by(), _now())
    for one in taken:
        say(f"{one.kiosk}: {one.messages} messages, {one.records} new records, {one.set_aside} set aside")
        passed = sum(file.passed for file in one.files)
        if passed:
            say(f"{one.kiosk}: {passed} lines were cut off or are no message: let the kiosk write the stick again")
    if not taken and not refused:
        say("no kiosk has written on this stick")
    if given:
        say(
            f"receipts, roster and commands for {len(given)} kiosks are on the stick; it may be pulled out once unmounted"
        )
    if as_json:
        emit({"taken": [_told(one) for one in taken], "given": [asdict(one) for one in given], "refused": refused})
    if refused:
        told = "; ".join(f"{kiosk}: {why}" for kiosk, why in list(refused.items())[:TOLD])
        raise Failure(
            f"{len(refused)} folders are refused: {told}; the rest was taken in. Keep the stick apart, and let the kiosk write another one"
        )


def _take(stick: StickFolder, writer: Writer, keys: CentreKeys) -> tuple[list[Taken], dict[str, str]]:
    """What the stick's kiosks brought, and why of which nothing more was taken: one bad folder keeps no other out."""
    taken, refused = list[Taken](), dict[str, str]()
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("messages", total=None)
        taker = Taker(writer, Intake(writer, keys, _now), _now, lambda count: progress.advance(task, count))
        for kiosk in stick.kiosks("from"):
            try:
                taken.append(take_one(stick, kiosk, taker))
            except StickError as error:
                refused[kiosk] = str(error)
    return taken, refused


def _now() -> datetime:
    return datetime.now(UTC)


def _told(one: Taken) -> dict[str, Any]:
    sums = {"kiosk": one.kiosk, "messages": one.messages, "records": one.records, "set_aside": one.set_aside}
    complete_at = one.complete_at.isoformat() if one.complete_at else None
    return {**sums, "upto": one.upto, "complete_at": complete_at, "files": [asdict(file) for file in one.files]}

"""`siperlu demo`."""

from __future__ import annotations

import dataclasses
import math
import time
from pathlib import Path
from typing import Any

import click

from cli.demo.cast import cast_of, folder_of_people
from cli.demo.score import Announcement, Programme, Score, score
from cli.demo.stage import KIOSK, Stage
from cli.demo.watch import LogTail, Watcher
from cli.output import Failure, emit, say
from cli.samples import sample_faces
from models import build, manifest, store

DRAIN_S = 15.0
FIRST_GREEN_LIMIT_S = 60.0
TICK_S = 0.1
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.option("--camera", metavar="ADDRESS", help="Look through a camera, e.g. v4l2:/dev/video0. [default: photos]")
@click.option("--faces", type=FOLDER, help="People as FOLDER/<name>/<picture>. [default: from the package registry]")
@click.option("--models", "weights", type=FOLDER, help="Folder with further weights, e.g. YuNet, found by their hash.")
@click.option("--people", default=12, show_default=True, type=click.IntRange(1, 2000), help="Most people to enrol.")
@click.option("--strangers", default=6, show_default=True, type=click.IntRange(0, 2000), help="Most strangers shown.")
@click.option(
    "--seconds", type=click.FloatRange(1), help="End after so long. [default: --json: one round; else Ctrl-C]"
)
@click.option("--json", "as_json", is_flag=True, help="End with one line of figures.")
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    camera: str | None,
    faces: Path | None,
    weights: Path | None,
    people: int,
    strangers: int,
    seconds: float | None,
    as_json: bool,
) -> None:
    """A kiosk on real pictures, a broker, the centre and both pages, on this machine alone."""
    home = store.default_folder().parent
    cast = cast_of(_photos(faces, home), people, strangers)
    if not cast.enrolled:
        raise Failure("nobody can be enrolled: somebody needs two photos or more, one to enrol and one to show")
    stage = Stage(home / "demo", _weights(weights, home / "demo-weights"))
    say(f"enrolling {len(cast.enrolled)} people, {len(cast.strangers)} strangers will come too")
    stage.set_up(cast, camera, repeat_s=1.0)
    programme = Programme(stage.shown, stage.pace)
    one_round = as_json and seconds is None
    limit_s = seconds or (programme.round_s + FIRST_GREEN_LIMIT_S if as_json else math.inf)
    try:
        result = _run(stage, programme, limit_s, one_round=one_round, live=camera is not None)
    finally:
        stage.processes.stop()
    if as_json:
        emit(result)


def _photos(faces: Path | None, home: Path) -> dict[str, list[Path]]:
    if faces is not None:
        return {name.replace("_", " ").title(): photos for name, photos in folder_of_people(faces).items()}
    return {name: photos for name, photos in sample_faces(home).items() if name != "partial"}


def _weights(further: Path | None, folder: Path) -> Path:
    """The checkout's weights, and beside them in a folder of their own what `further` holds of the manifest."""
    if further is None:
        build.build(store.default_folder())
        return store.default_folder()
    build.build(folder)
    for name, path in store.search(further, manifest.cards()).items():
        store.copy_in(path, manifest.card(name), folder)
    return folder


def _run(stage: Stage, programme: Programme, seconds: float, *, one_round: bool, live: bool) -> dict[str, Any]:
    stage.start()
    say(f"broker      {stage.broker} on 127.0.0.1:{stage.broker_port}")
    say(f"wall screen http://127.0.0.1:{stage.screen_port}/")
    say(f"centre      http://127.0.0.1:{stage.web_port}/  log in as {stage.login} with {stage.password}")
    watcher = Watcher(stage)
    try:
        said, first_green_s = _follow(stage, programme, watcher, seconds, one_round=one_round)
        stage.processes.stop_one("kiosk")
        _drain(stage, watcher)
        counted = score(said, programme, watcher.check_ins(), watcher.received())
    finally:
        watcher.close()
    return _figures(counted, first_green_s, live=live)


def _follow(
    stage: Stage, programme: Programme, watcher: Watcher, seconds: float, *, one_round: bool
) -> tuple[list[Announcement], float | None]:
    """Run the kiosk and tell every check-in, until the time or the round is over or somebody presses Ctrl-C."""
    tail = LogTail(stage.folder / "logs" / "kiosk.log")
    said: list[Announcement] = []
    first_green_s: float | None = None
    stage.start_kiosk()
    began = time.monotonic()
    try:
        while time.monotonic() - began < seconds:
            stage.processes.check()
            for news in tail.news():
                said.append(news)
                if news.seq is not None and first_green_s is None:
                    first_green_s = time.monotonic() - began
                _tell(news, watcher)
            if one_round and programme.is_complete(said):
                break
            time.sleep(TICK_S)
    except KeyboardInterrupt:
        say("")
    return said, first_green_s


def _tell(news: Announcement, watcher: Watcher) -> None:
    if news.seq is not None:
        name = watcher.check_ins().get(news.seq, "?")
        say(f"{time.strftime('%H:%M:%S')}  {KIOSK}  record {news.seq:<4} {name}")
    else:
        say(f"{time.strftime('%H:%M:%S')}  {KIOSK}  {news.outcome}")


def _drain(stage: Stage, watcher: Watcher) -> None:
    """Wait until the centre has everything, or for long enough to say that something is lost."""
    end = time.monotonic() + DRAIN_S
    while watcher.check_ins().keys() - watcher.received() and time.monotonic() < end:
        stage.processes.check()
        time.sleep(TICK_S)


def _figures(counted: Score, first_green_s: float | None, *, live: bool) -> dict[str, Any]:
    """Nobody knows who stood before a live camera: what rests on that is null then."""
    figures: dict[str, Any] = dataclasses.asdict(counted)
    if live:
        figures |= dict.fromkeys(("wrong", "strangers_accepted", "refused", "missed"))
    figures["first_green_s"] = None if first_green_s is None else round(first_green_s, 2)
    return figures

"""`siperlu bench green`: from the first readable frame of a face to green, the durable commit included."""

from __future__ import annotations

import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import cv2

from cli.bench.frames import HEIGHT, WIDTH, frames_of, pictures_under
from cli.bench.vision import ENROLLED, filled_gallery
from cli.output import Failure, emit, say
from cli.samples import sample_faces
from firmware import clock
from firmware.camera import open_camera
from firmware.lights import SilentLights
from kiosk.checkin import Rules
from kiosk.evidence.album import Album, AlbumReader
from kiosk.evidence.darkroom import Darkroom
from kiosk.evidence.look import Pictures
from kiosk.evidence.need import Wish
from kiosk.evidence.sealing import Sealer
from kiosk.gallery import Enrolled, Gallery, Roster
from kiosk.keys import KioskKeys
from kiosk.ledger import Entry, Ledger
from kiosk.loop import Loop, Parts
from kiosk.loop.eye import Eye
from kiosk.loop.journal import Journal
from kiosk.loop.live import LivePicture
from kiosk.pin import PinDesk
from kiosk.pulse import Pulse
from kiosk.screen import ScreenServer
from kiosk.service import Reason
from kiosk.settings import EvidenceSettings, KioskSettings, ScreenSettings
from models import store
from models.engine import Engine, open_engine
from models.errors import ModelsError
from models.face import Image
from wire import messages as m
from wire.records import Place
from wire.seals import DecryptionKey, KeyName

FPS = 15
STAY_FRAMES = 15
GAP_FRAMES = 15
"""Longer than a face may be lost and stay the same: each walk-up is a new one."""
LIMIT_S = 60


@dataclass
class FixedCentre:
    """A roster that is simply there."""

    gallery: Gallery | None
    roster: Roster | None = None
    trouble: Reason | None = None
    rules: m.Rules | None = None
    online: bool = True
    backlog: int = 0
    alive: bool = True

    def expect(self, entry: Entry) -> None:
        """Nobody sends receipts here."""


def gallery_of(engine: Engine, frames: list[Image]) -> Gallery:
    """The people on the frames among as many random ones as a kiosk has."""
    others = filled_gallery(ENROLLED, engine.card.dimensions, engine.model).roster
    vectors = [engine.embed(frame, engine.detect(frame)[0]) for frame in frames]
    known = [Enrolled(f"known-{i}", f"Known {i}", "", True, vector, None, None) for i, vector in enumerate(vectors)]
    people = (*known, *others.people[len(known) :])
    return Gallery(type(others)(1, engine.model, 0.9, 0.0, people), engine.model)


def measure(engine: Engine, frames: list[Image], count: int, folder: Path, *, pictures: bool = False) -> dict[str, Any]:
    """Let the people on the frames walk up to a whole kiosk, one after the other, until `count` were recorded; `pictures`: with one
    kept of every single check-in."""
    show = folder / "show"
    show.mkdir()
    for number, frame in enumerate(frames):
        cv2.imwrite(str(show / f"{number:03d}.png"), frame)
    with ExitStack() as parts:
        loop = _kiosk(parts, engine, gallery_of(engine, frames), folder, show, pictures)
        limit_ns = clock.monotonic_ns() + (LIMIT_S + 3 * count) * 1_000_000_000
        while len(loop.latencies_ms) < count and clock.monotonic_ns() < limit_ns:
            loop.turn()
    if len(loop.latencies_ms) < count:
        raise Failure(f"only {len(loop.latencies_ms)} of {count} were recorded; {dict(loop.tally.total)}")
    return _figures(loop.latencies_ms) | {"pictures": len(AlbumReader(folder).waiting())}


def _pictures(parts: ExitStack, journal: Journal, folder: Path) -> Pictures:
    box = DecryptionKey.generate(KeyName("centre/box", 1)).recipient
    album = Album(folder, EvidenceSettings())
    darkroom = Darkroom(Sealer(lambda: journal.ledger, lambda: box), album, lambda: None)
    parts.callback(darkroom.close)
    return Pictures(darkroom, lambda: Wish(share=1.0), lambda: 0.0)


def _kiosk(  # noqa: PLR0913, PLR0917 - what a kiosk is made of
    parts: ExitStack, engine: Engine, gallery: Gallery, folder: Path, show: Path, pictures: bool
) -> Loop:
    keys = KioskKeys(folder / "keys", "bench")
    screen = ScreenServer(ScreenSettings(port=0), KioskSettings().kiosk)
    journal = Journal(lambda: Ledger(folder, "bench", keys, clock.read), clock.read)
    parts.callback(journal.close)
    address = f"frames:{show}?fps={FPS}&hold={STAY_FRAMES}&gap={GAP_FRAMES}"
    whole = Parts(
        camera=open_camera(address, WIDTH, HEIGHT, 2.0),
        eye=Eye(lambda: engine),
        centre=FixedCentre(gallery),
        journal=journal,
        pins=PinDesk(clock.read),
        lights=SilentLights(),
        screen=screen,
        live=LivePicture(screen.picture),
        pulse=Pulse(folder),
        notice=lambda: None,
        now=clock.read,
        pictures=_pictures(parts, journal, folder) if pictures else None,
    )
    screen.start()
    for part in (screen, whole.eye, whole.live, whole.camera):
        parts.callback(part.close)
    rules = Rules(KioskSettings().checkin.agree_frames, repeat_ns=0, show_ns=1_000_000_000)
    place = Place(unit="BENCH", lat=None, lon=None, anchor=None)
    return Loop(whole, rules, place, ZoneInfo("Asia/Jakarta"))


def _figures(latencies_ms: list[float]) -> dict[str, Any]:
    p95_ms = statistics.quantiles(latencies_ms, n=20, method="inclusive")[-1]
    return {
        "check_ins": len(latencies_ms),
        "fps": FPS,
        "agree_frames": KioskSettings().checkin.agree_frames,
        "p50_ms": round(statistics.median(latencies_ms), 1),
        "p95_ms": round(p95_ms, 1),
        "p95_frames": round(p95_ms * FPS / 1000, 2),
        "worst_ms": round(max(latencies_ms), 1),
    }


@click.command()
@click.option("--detector", default="auto", show_default=True, type=click.Choice(["auto", "hog", "yunet"]))
@click.option(
    "--faces",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of pictures. [default: fetched]",
)
@click.option("--count", default=40, show_default=True, type=click.IntRange(2), help="Check-ins to measure.")
@click.option("--pictures", is_flag=True, help="Keep a picture of every check-in: it must cost nothing here.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def command(detector: Any, faces: Path | None, count: int, pictures: bool, as_json: bool) -> None:
    """From the first readable frame to green at 15 frames a second, on a whole kiosk: vision, 150 enrolled, ledger, screen."""
    cache = store.default_folder().parent
    try:
        engine = open_engine(store.default_folder(), detector)
    except ModelsError as error:
        raise Failure(str(error)) from error
    paths = pictures_under(faces) if faces else [path for files in sample_faces(cache).values() for path in files]
    frames = frames_of(engine, paths, 12)
    if not frames:
        raise Failure(f"{faces or cache}: no picture there has one face that can be read")
    with tempfile.TemporaryDirectory(prefix="siperlu-green-") as folder:
        result = measure(engine, frames, count, Path(folder), pictures=pictures) | {"detector": engine.detector}
    if as_json:
        emit(result)
    else:
        say("\n".join(f"{key}: {value}" for key, value in result.items()))

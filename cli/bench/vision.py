"""`siperlu bench vision`: a frame with one face, from pixels to who, beside `face_recognition` on the same frames."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import dlib
import numpy as np
from rich.console import Console
from rich.progress import track

from cli.bench.frames import frames_of, pictures_under
from cli.bench.peer import face_recognition
from cli.output import Failure, emit, say
from cli.samples import sample_faces
from firmware.camera.frame import Frame
from kiosk.gallery import Enrolled, Gallery, Roster
from kiosk.vision import Vision
from models import manifest, store
from models.engine import DetectorName, Engine, open_engine
from models.errors import ModelsError
from models.face import Image
from models.manifest import Family

ENROLLED = 150
_FRAMES = 12


def filled_gallery(people: int, dimensions: int, model: str) -> Gallery:
    """A gallery of random templates: searching takes the same time whoever they are of."""
    rng = np.random.default_rng(people)
    templates = rng.normal(size=(people, dimensions)).astype(np.float32)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    rows = (Enrolled(f"p{row}", "", "", True, template, None, None) for row, template in enumerate(templates))
    return Gallery(Roster(1, model, 0.9, 0.01, tuple(rows)), model)


def milliseconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    begun = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - begun) / 1e6


class Ours:
    """The kiosk's own path. A new `Vision` a frame: nothing of the frame before helps."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._gallery = filled_gallery(ENROLLED, engine.card.dimensions, engine.model)
        self._now = datetime.now(UTC)

    def look(self, frame: Frame) -> None:
        """From pixels to who."""
        look = Vision(self._engine).look(frame)
        if look.probe is None:
            raise Failure("a frame of the bench was refused by the quality gate; that must not happen")
        self._gallery.search(look.probe, self._now)


class Peer:
    """`face_recognition` with its defaults, on its own colour order, and its own comparison."""

    def __init__(self, cache: Path) -> None:
        self._package = face_recognition(cache)
        self._known = np.random.default_rng(0).normal(size=(ENROLLED, 128))

    def look(self, rgb: Image) -> None:
        """From pixels to who."""
        places = self._package.face_locations(rgb)
        for encoding in self._package.face_encodings(rgb, places):
            self._package.face_distance(self._known, encoding).argmin()


def embedding_difference(engine: Engine, frames: list[Image]) -> float | None:
    """Largest difference of a descriptor's number on the same chips through dlib and through ours; dlib's family only."""
    package = manifest.card("dlib").package
    if engine.card.family is not Family.DLIB or package is None:
        return None
    theirs = dlib.face_recognition_model_v1(str(store.packaged(package)))
    chips = [engine.chip(frame, engine.detect(frame)[0]) for frame in frames]
    ours = engine.embedder.run(np.stack(chips))
    expected = [theirs.compute_face_descriptor(np.ascontiguousarray(chip[:, :, ::-1])) for chip in chips]
    return float(np.abs(ours - np.array(expected)).max())


def measure(engine: Engine, frames: list[Image], rounds: int, cache: Path) -> dict[str, Any]:
    """Ours, the raw models alone, and the peer, one after the other on each frame, so that all meet the same machine."""
    ours, peer = Ours(engine), Peer(cache)
    spent: dict[str, list[float]] = {"ours": [], "raw": [], "theirs": []}
    console = Console(stderr=True)
    for _ in track(range(rounds), "rounds", console=console, disable=not console.is_terminal):
        for number, pixels in enumerate(frames):
            rgb, frame = np.ascontiguousarray(pixels[:, :, ::-1]), Frame(pixels, 0, number)
            raw = engine.raw_calls(pixels)
            spent["ours"].append(milliseconds(lambda frame=frame: ours.look(frame)))  # type: ignore[misc]
            spent["raw"].append(sum(milliseconds(call) for call in raw))
            spent["theirs"].append(milliseconds(lambda rgb=rgb: peer.look(rgb)))  # type: ignore[misc]
    middle = {name: statistics.median(values) for name, values in spent.items()}
    return {
        "detector": engine.detector,
        "embedder": engine.card.name,
        "frames": len(frames),
        "ratio": round(middle["theirs"] / middle["ours"], 2),
        "ours_ms": round(middle["ours"], 2),
        "theirs_ms": round(middle["theirs"], 2),
        "raw_ms": round(middle["raw"], 2),
        "overhead": round(middle["ours"] / middle["raw"] - 1, 3),
        "max_embedding_diff": embedding_difference(engine, frames),
    }


@click.command()
@click.option("--detector", default="auto", show_default=True, type=click.Choice(["auto", "hog", "yunet"]))
@click.option("--engine", "name", default="dlib", show_default=True, help="Embedder of models/manifest.toml.")
@click.option(
    "--models", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder with more weights."
)
@click.option(
    "--faces",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of pictures. [default: fetched]",
)
@click.option(
    "--rounds", default=5, show_default=True, type=click.IntRange(1), help="Times that every frame is looked at."
)
@click.option("--threads", default=0, show_default=True, type=click.IntRange(0), help="Of the embedder; 0: one a core.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    detector: DetectorName, name: str, models: Path | None, faces: Path | None, rounds: int, threads: int, as_json: bool
) -> None:
    """A 640x480 frame with one face, from pixels to who, against face_locations + face_encodings with their defaults."""
    cache = store.default_folder().parent
    try:
        engine = open_engine(store.default_folder(), detector, name, threads, models)
    except ModelsError as error:
        raise Failure(str(error)) from error
    paths = pictures_under(faces) if faces else [path for files in sample_faces(cache).values() for path in files]
    frames = frames_of(engine, paths, _FRAMES)
    if not frames:
        raise Failure(f"{faces or cache}: no picture there has one face that can be read")
    result = measure(engine, frames, rounds, cache) | {"threads": threads}
    if as_json:
        emit(result)
    else:
        say("\n".join(f"{key}: {value}" for key, value in result.items()))

"""`siperlu evaluate …`: error rates on your own pictures, by the kiosk's own code path."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from cli.output import Failure, emit, say
from models import calibration, figures, store
from models.engine import DetectorName, Engine, open_engine
from models.errors import ModelsError
from models.face import Detection, Hint, Image, Vector

PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
FMR = (1e-3, 1e-4, 1e-5)
FPIR = (0.01, 0.001)
TABLE = (1e-2, 1e-3, 1e-4, 1e-5)
_AHEAD = 64  # pictures decoded in advance


@click.group()
def command() -> None:
    """Measure error rates."""


@dataclass(slots=True)
class Stages:
    """Seconds spent, by stage."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Adds what the body takes."""
        begun = time.perf_counter()
        yield
        self.spent[stage] = self.spent.get(stage, 0.0) + time.perf_counter() - begun


@dataclass(slots=True)
class Tally:
    """What happened to the pictures: `vectors` by file, `hints` of the quality gate, which does not stop the evaluation."""

    vectors: dict[Path, Vector | None] = field(default_factory=dict)
    hints: dict[Hint, int] = field(default_factory=dict)
    stages: Stages = field(default_factory=Stages)


def central(detections: list[Detection], image: Image) -> Detection | None:
    """The face nearest to the middle: of a portrait with other people in it, whom it is of."""
    middle = np.array([image.shape[1], image.shape[0]]) / 2

    def off(face: Detection) -> float:
        box = face.box
        return float(np.hypot(box.left + box.width / 2 - middle[0], box.top + box.height / 2 - middle[1]))

    return min(detections, key=off, default=None)


def _decode(path: Path) -> Image | None:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return None if image is None else np.asarray(image, np.uint8)


def _decoded(paths: list[Path]) -> Iterator[tuple[Path, Image | None]]:
    """Pictures in order, some decoded in advance on another core."""
    with ThreadPoolExecutor(2) as pool:
        rest = iter(paths)
        waiting = [(path, pool.submit(_decode, path)) for path in islice(rest, _AHEAD)]
        while waiting:
            path, picture = waiting.pop(0)
            waiting += [(path, pool.submit(_decode, path)) for path in islice(rest, 1)]
            yield path, picture.result()


def read_faces(engine: Engine, paths: list[Path]) -> Tally:
    """Every picture's central face through the engine; a progress bar on standard error."""
    tally = Tally()
    console = Console(stderr=True)
    for path, image in track(
        _decoded(paths), "faces", total=len(paths), console=console, disable=not console.is_terminal
    ):
        tally.vectors[path] = None if image is None else _read(engine, image, tally)
    return tally


def _read(engine: Engine, image: Image, tally: Tally) -> Vector | None:
    with tally.stages.time("detect"):
        found = central(engine.detect(image), image)
    if found is None:
        return None
    with tally.stages.time("assess"):
        hint = engine.assess(image, found).hint
    if hint is not None:
        tally.hints[hint] = tally.hints.get(hint, 0) + 1
    with tally.stages.time("chip"):
        chip = engine.chip(image, found)
    with tally.stages.time("embed"):
        return engine.embed_chip(chip)


def people_of(folder: Path, limit: int | None) -> dict[str, list[Path]]:
    """Pictures by person of DIR/<person>/<picture>, both in order of name; at most `limit` people."""
    folders = sorted(entry for entry in folder.iterdir() if entry.is_dir())[:limit]
    people = {one.name: sorted(file for file in one.iterdir() if file.suffix.lower() in PICTURES) for one in folders}
    people = {name: files for name, files in people.items() if files}
    if not people:
        raise Failure(f"{folder}: no pictures at {folder}/<person>/<picture>")
    return people


def read_pairs(text: str) -> Iterator[tuple[int, tuple[str, int], tuple[str, int]]]:
    """(fold, (name, number), (name, number)) of a pairs file as LFW has it. Raises `ValueError` for a bad line."""
    head, *lines = text.splitlines()
    per_fold = 2 * int(head.split()[-1])
    for row, line in enumerate(lines):
        match line.split("\t"):
            case [name, first, second]:
                yield row // per_fold, (name, int(first)), (name, int(second))
            case [name, first, other, second]:
                yield row // per_fold, (name, int(first)), (other, int(second))
            case _:
                raise ValueError(f"line {row + 2} of the pairs file has neither three nor four columns: {line!r}")


def _verification(pairs: Path, tally: Tally) -> dict[str, Any]:
    by_number = {(path.parent.name, int(number[1])): vector for path, vector in tally.vectors.items()
                 if (number := re.search(r"(\d+)$", path.stem))}  # fmt: skip
    rows, missing = [], 0
    for fold, one, other in read_pairs(pairs.read_text(encoding="utf-8")):
        if one not in by_number or other not in by_number:
            missing += 1
            continue
        first, second = by_number[one], by_number[other]
        score = figures.MISSED if first is None or second is None else float(first @ second)
        rows.append((score, one[0] == other[0], fold))
    if not rows:
        raise Failure(f"{pairs}: none of its pairs is among the pictures")
    scores, same, folds = (np.array(column) for column in zip(*rows, strict=True))
    accuracy = figures.fold_accuracy(scores, same, folds)
    return {"verification_accuracy": round(accuracy, 5), "pairs": len(rows), "pairs_missing": missing}


def _rates(values: dict[float, float]) -> dict[str, float]:
    return {f"{rate:g}": round(value, 5) for rate, value in values.items()}


def _open_set(people: list[figures.Person], engine: Engine, plan: figures.OpenSet) -> dict[str, Any]:
    try:
        trials = figures.draw(people, plan)
    except ValueError as error:
        return {"skipped": str(error)}
    enrolled = len(trials[0].mates)
    least, _ = calibration.threshold(engine.card, FPIR[-1], enrolled)
    refused, accepted = figures.at_threshold(trials, least)
    return {
        "fnir_at_fpir": _rates({rate: figures.fnir_at_fpir(trials, rate) for rate in FPIR}),
        "gallery": enrolled,
        "strangers": len(trials[0].strangers),
        "draws": len(trials),
        "margin": plan.margin,
        "at_card": {"threshold": round(least, 4), "fnir": round(refused, 5), "fpir": round(accepted, 5)},
        "thresholds": _rates(figures.thresholds(trials, TABLE)),
    }


def _engine(models: Path | None, detector: DetectorName, name: str) -> Engine:
    try:
        return open_engine(store.default_folder(), detector, name, more=models)
    except ModelsError as error:
        raise Failure(str(error)) from error


def _result(engine: Engine, people: dict[str, list[Path]], tally: Tally, plan: figures.OpenSet) -> dict[str, Any]:
    persons = [figures.Person(name, tuple(tally.vectors[file] for file in files)) for name, files in people.items()]
    found = sum(vector is not None for vector in tally.vectors.values())
    single = _open_set(persons, engine, plan)
    burst = replace(plan, burst=3)
    return {
        "engine": engine.card.name,
        "detector": engine.detector,
        "people": len(persons),
        "pictures": len(tally.vectors),
        "detected": round(found / len(tally.vectors), 5),
        "tar_at_fmr": _rates(figures.tar_at_fmr(persons, FMR)),
        **single,
        "burst3": _open_set(persons, engine, burst),
        "gate": {hint.value: count for hint, count in sorted(tally.hints.items())},
        "ms_per_face": {stage: round(1000 * spent / max(found, 1), 3) for stage, spent in tally.stages.spent.items()},
    }


@command.command()
@click.option(
    "--faces",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="DIR/<person>/<picture>.",
)
@click.option("--pairs", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Pairs file as LFW has it.")
@click.option(
    "--enrol", default=3, show_default=True, type=click.IntRange(1), help="Pictures a person is enrolled with."
)
@click.option(
    "--gallery",
    default=150,
    show_default=True,
    type=click.IntRange(1),
    help="People enrolled; all others are strangers.",
)
@click.option(
    "--draws", default=50, show_default=True, type=click.IntRange(1), help="Galleries drawn; means are given."
)
@click.option("--margin", type=click.FloatRange(0, 2), help="Lead over the runner-up. [default: the model's]")
@click.option("--seed", default=1, show_default=True, help="Seed of the draws.")
@click.option("--engine", "name", default="dlib", show_default=True, help="Embedder of models/manifest.toml.")
@click.option("--detector", default="auto", show_default=True, type=click.Choice(["auto", "hog", "yunet"]))
@click.option(
    "--models",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with more weights, found by SHA-256.",
)
@click.option("--limit", type=click.IntRange(1), help="Take the first people only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def faces(  # noqa: PLR0913, PLR0917 - one parameter an option
    faces: Path, pairs: Path | None, enrol: int, gallery: int, draws: int, margin: float | None, seed: int,
    name: str, detector: DetectorName, models: Path | None, limit: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Detection, verification and open-set identification on pictures of known people.

    The quality gate is reported but does not stop a picture; a face that is not found counts as a refusal.
    """
    engine = _engine(models, detector, name)
    people = people_of(faces, limit)
    tally = read_faces(engine, [file for files in people.values() for file in files])
    lead = engine.card.margin if margin is None else margin
    result = _result(engine, people, tally, figures.OpenSet(gallery, enrol, 1, lead, draws, seed))
    if pairs is not None:
        result |= _verification(pairs, tally)
    if as_json:
        emit(result)
    else:
        say(json.dumps(result, indent=2))

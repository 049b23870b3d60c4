"""Makes the weights that come from a package: copies the landmark predictor, writes the ResNet as ONNX and tries it."""

from __future__ import annotations

from pathlib import Path

import dlib
import numpy as np

from models import dlib_dat, dlib_onnx, store
from models.embed import open_session
from models.errors import WeightsError
from models.face import Image
from models.manifest import Card, Kind, cards

PARITY = 1e-5
"""Largest difference of any number of a descriptor, whose length is about 1.5, to dlib's own on the same chip."""


def synthetic_chip(seed: int) -> Image:
    """(150, 150, 3) uint8: soft blobs, so that every layer of the network has something to see. No face is needed."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:150, 0:150].astype(np.float32) / 150
    waves = rng.uniform(1, 12, (6, 3, 2))
    phases = rng.uniform(0, 2 * np.pi, (6, 3))
    angles = waves[..., 0, None, None] * rows + waves[..., 1, None, None] * columns
    shades = np.sin(angles * 2 + phases[..., None, None]).mean(axis=0)
    return np.ascontiguousarray((127.5 + 127.5 * shades).clip(0, 255).astype(np.uint8).transpose(1, 2, 0))


def parity(dat: Path, onnx: Path, chips: list[Image]) -> float:
    """Largest difference of a descriptor's number between dlib and the built network on the same BGR chips."""
    theirs = dlib.face_recognition_model_v1(str(dat))
    session = open_session(onnx, threads=1)
    (ours,) = session.run(None, {"chips": np.stack(chips)})
    expected = np.array([theirs.compute_face_descriptor(np.ascontiguousarray(chip[:, :, ::-1])) for chip in chips])
    return float(np.abs(ours - expected).max())


def _write_resnet(card: Card, dat: Path, folder: Path) -> Path:
    built = store.place([dlib_onnx.write(dlib_dat.read(dat.read_bytes()))], card, folder)
    difference = parity(dat, built, [synthetic_chip(seed) for seed in range(4)])
    if difference > PARITY:
        built.unlink()
        raise WeightsError(
            f"{card.name}: differs from dlib by {difference:.1e}, at most {PARITY:.0e} is right; removed"
        )
    return built


def build(folder: Path) -> list[Path]:
    """Make every model that comes from a package in `folder`; what is right already stays. Raises `WeightsError`."""
    made = []
    for card in cards():
        if card.package is None:
            continue
        found = store.look(card, folder)
        if found.state is store.State.RIGHT:
            made.append(found.path)
            continue
        source = store.packaged(card.package)
        write = _write_resnet if card.kind is Kind.EMBEDDER else _copy
        made.append(write(card, source, folder))
    return made


def _copy(card: Card, source: Path, folder: Path) -> Path:
    return store.copy_in(source, card, folder)

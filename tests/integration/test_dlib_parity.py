"""The network that is built is dlib's, and nothing but the genuine file is built into one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models import build, dlib_dat, manifest, store
from models.engine import Engine, open_engine
from models.errors import DatError, ManifestError, WeightsError


@pytest.fixture(scope="module")
def dat() -> Path:
    package = manifest.card("dlib").package
    assert package is not None
    return store.packaged(package)


@pytest.fixture(scope="module")
def engine(weights: Path) -> Engine:
    return open_engine(weights, "hog")


def test_what_is_built_is_what_the_manifest_says(weights: Path) -> None:
    states = {entry.state for card in manifest.cards() if card.package for entry in [store.look(card, weights)]}
    assert states == {store.State.RIGHT}
    assert sorted(path.name for path in weights.iterdir()) == [
        "dlib-resnet-v1.onnx",
        "shape_predictor_5_face_landmarks.dat",
    ]


def test_building_again_mends_an_altered_file(weights: Path) -> None:
    landmarks = weights / manifest.card("landmarks5").file
    landmarks.write_bytes(b"altered")
    build.build(weights)
    assert store.look(manifest.card("landmarks5"), weights).state is store.State.RIGHT


def test_equal_to_dlib_on_synthetic_chips(weights: Path, dat: Path) -> None:
    chips = [build.synthetic_chip(seed) for seed in range(10, 14)]
    assert build.parity(dat, weights / manifest.card("dlib").file, chips) <= build.PARITY


def test_equal_to_dlib_on_real_faces(weights: Path, dat: Path, engine: Engine, faces_dir: Path) -> None:
    pictures = sorted((faces_dir / "face_recognition" / "faces").rglob("*.jpg"))[:6]
    images = [np.asarray(cv2.imread(str(path)), np.uint8) for path in pictures]
    chips = [engine.chip(image, face) for image in images for face in engine.detect(image)]
    assert len(chips) >= 4
    assert build.parity(dat, weights / manifest.card("dlib").file, chips) <= build.PARITY


def test_photos_of_one_person_are_alike_and_of_two_are_not(engine: Engine, faces_dir: Path) -> None:
    def vector(path: Path) -> np.ndarray:
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        return engine.embed(image, max(engine.detect(image), key=lambda face: face.box.width))

    faces = faces_dir / "face_recognition" / "faces"
    one, other, *_ = (vector(path) for path in sorted((faces / "obama").glob("*.jpg")))
    stranger = vector(min((faces / "biden").glob("*.jpg")))
    assert float(one @ other) > float(one @ stranger) + 0.05
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)


def test_a_face_and_its_mirror_are_one_vector(engine: Engine) -> None:
    chip = build.synthetic_chip(3)
    mirrored = np.ascontiguousarray(chip[:, ::-1])
    assert engine.embed_chip(chip) == pytest.approx(engine.embed_chip(mirrored), abs=1e-5)


def test_a_file_cut_short_anywhere_is_refused(dat: Path) -> None:
    raw = dat.read_bytes()
    for length in [0, 1, 5, 40, 300, 349, 20_000, 1_000_000, len(raw) // 2, len(raw) - 4, len(raw) - 1]:
        with pytest.raises(DatError):
            dlib_dat.read(raw[:length])


def test_a_file_with_anything_behind_it_is_refused(dat: Path) -> None:
    with pytest.raises(DatError):
        dlib_dat.read(dat.read_bytes() + b"\x01\x01")


@pytest.mark.parametrize("place", [0, 1, 2, 30, 298, 335, 345, 19_383])
def test_a_file_altered_in_its_structure_is_refused(dat: Path, place: int) -> None:
    raw = bytearray(dat.read_bytes())
    raw[place] ^= 0xFF
    with pytest.raises(DatError):
        dlib_dat.read(bytes(raw))


@pytest.mark.parametrize("raw", [b"", b"\x01\x01", b"\x01\x01" * 500, b"\xff" * 4000, bytes(4000)])
def test_garbage_is_refused(raw: bytes) -> None:
    with pytest.raises(DatError):
        dlib_dat.read(raw)


def test_an_engine_opens_only_genuine_weights(weights: Path, tmp_path: Path) -> None:
    for path in weights.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / manifest.card("dlib").file).open("r+b") as opened:
        opened.write(b"\xff")
    with pytest.raises(WeightsError, match="SHA-256"):
        open_engine(tmp_path, "hog")


def test_an_engine_says_what_is_missing(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="models build"):
        open_engine(tmp_path, "hog")
    with pytest.raises(WeightsError, match="no YuNet"):
        open_engine(weights, "yunet")
    with pytest.raises(ManifestError, match="not an embedder"):
        open_engine(weights, "hog", "yunet-n")


def test_without_yunet_auto_is_hog_and_with_it_yunet(weights: Path, models_dir: Path) -> None:
    assert open_engine(weights).detector == "hog"
    assert open_engine(weights, more=models_dir).detector == "yunet"

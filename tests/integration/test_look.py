"""From frames with real faces to one served person: the kiosk's vision on the real engine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from cli.bench.frames import frames_of
from firmware.camera.frame import Frame
from kiosk.gallery import Enrolled, Gallery, Roster, Verdict
from kiosk.vision import BURST, Look, Vision
from models.calibration import threshold
from models.engine import Engine, open_engine
from models.face import Hint, Image
from models.template import mean_template

FRAME_NS = 66_000_000


@pytest.fixture(scope="module")
def engine(weights: Path) -> Engine:
    return open_engine(weights, "hog")


@pytest.fixture(scope="module")
def frames(engine: Engine, faces_dir: Path) -> dict[str, list[Image]]:
    """Frames of 640x480 by person, as a kiosk would see them."""
    people = faces_dir / "face_recognition" / "faces"
    found = {folder.name: frames_of(engine, sorted(folder.iterdir()), 3) for folder in sorted(people.iterdir())}
    return {name: images for name, images in found.items() if images}


def looks(engine: Engine, *pictures: Image, gap_ns: int = FRAME_NS) -> list[Look]:
    vision = Vision(engine)
    return [vision.look(Frame(pixels, number * gap_ns, number)) for number, pixels in enumerate(pictures)]


def test_an_empty_room_serves_nobody(engine: Engine) -> None:
    (look,) = looks(engine, np.full((480, 640, 3), 90, np.uint8))
    assert (look.served, look.probe, look.track, look.faces) == (None, None, 0, ())


def test_the_probe_is_the_mean_of_the_newest_vectors(engine: Engine, frames: dict[str, list[Image]]) -> None:
    seen = looks(engine, *[frames["obama"][0]] * (BURST + 2))
    assert [look.burst for look in seen] == [1, 2, 3, 4, 5, 5, 5]
    assert {look.track for look in seen} == {1}
    assert seen[-1].probe == pytest.approx(seen[0].served.vector, abs=1e-4)  # type: ignore[union-attr]


def test_another_person_in_the_same_place_is_another_track(engine: Engine, frames: dict[str, list[Image]]) -> None:
    one, other = frames["obama"][0], frames["biden"][0]
    first, second, third = looks(engine, one, other, other)
    assert (first.track, second.track, third.track) == (1, 2, 2)
    assert (second.burst, third.burst) == (1, 2)


@pytest.mark.parametrize(
    ("spoil", "hint"),
    [
        (lambda image: cv2.GaussianBlur(image, (0, 0), 5), Hint.HOLD_STILL),
        (lambda image: (image * 0.2).astype(np.uint8), Hint.TOO_DARK),
    ],
    ids=["blurred", "dark"],
)
def test_a_face_that_cannot_be_read_has_a_hint_and_no_vector(
    engine: Engine, frames: dict[str, list[Image]], spoil: object, hint: Hint
) -> None:
    (look,) = looks(engine, spoil(frames["obama"][0]))  # type: ignore[operator]
    assert look.served is not None
    assert (look.served.quality.hint, look.served.vector, look.probe) == (hint, None, None)


def test_enrolled_people_are_recognised_on_other_pictures_and_strangers_are_not(
    engine: Engine, frames: dict[str, list[Image]]
) -> None:
    several = {name: images for name, images in frames.items() if len(images) >= 2}
    vectors = {name: [_probe(engine, image) for image in images] for name, images in frames.items()}
    least, margin = threshold(engine.card, 0.001, len(several))
    people = tuple(Enrolled(name, name, "unit", True, mean_template(vectors[name][1:]), None, None) for name in several)
    gallery = Gallery(Roster(1, engine.model, least, margin, people), engine.model)
    now = datetime.now(UTC)

    assert several
    assert all(gallery.search(vectors[name][0], now).person == name for name in several)
    assert all(
        gallery.search(vector, now).verdict is not Verdict.MATCH
        for name in frames.keys() - several.keys()
        for vector in vectors[name]
    )


def _probe(engine: Engine, image: Image) -> np.ndarray:
    (look,) = looks(engine, image)
    assert look.probe is not None
    return look.probe

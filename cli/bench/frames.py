"""Frames for the vision bench: real faces as a wall kiosk sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from cli.evaluate import PICTURES, central
from models.engine import Engine
from models.face import Detection, Image

WIDTH, HEIGHT = 640, 480
FACE_PX = 150
"""Width of the face in the frame: a head at 60 cm before a camera of 60 degrees; at the kiosk 110 to 250."""


def framed(image: Image, face: Detection) -> Image:
    """(480, 640, 3): the picture scaled and shifted so that the face is `FACE_PX` wide in the middle; edges mirrored."""
    scale = FACE_PX / face.box.width
    middle = (face.box.left + face.box.width / 2, face.box.top + face.box.height / 2)
    moved = np.array(
        [[scale, 0, WIDTH / 2 - scale * middle[0]], [0, scale, HEIGHT / 2 - scale * middle[1]]], np.float32
    )
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    warped = cv2.warpAffine(image, moved, (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(warped, np.uint8)


def frames_of(engine: Engine, paths: list[Path], most: int) -> list[Image]:
    """At most `most` frames in which exactly one face is found, and one that can be read."""
    found: list[Image] = []
    for path in paths:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None or len(found) == most:
            continue
        found += list(_usable(engine, np.asarray(image, np.uint8)))
    return found


def _usable(engine: Engine, image: Image) -> Iterator[Image]:
    face = central(engine.detect(image), image)
    if face is None:
        return
    frame = framed(image, face)
    faces = engine.detect(frame)
    if len(faces) == 1 and engine.assess(frame, faces[0]).hint is None:
        yield frame


def pictures_under(folder: Path) -> list[Path]:
    """Every picture anywhere under a folder."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)

"""Bringing a photo to what a wall kiosk sees: a head and shoulders at arm's length, not a whole body far away."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from cli.output import Failure
from models.engine import Engine
from models.face import Box, Image

FACES_WIDE = 3.4
"""Width of the view in face widths: a face is then about 190 px wide in a frame of 640."""
SHAPE = 4 / 3


def frame_photo(engine: Engine, photo: Path, target: Path) -> None:
    """Write the part of `photo` round its largest face; the whole photo when there is none to be found.

    Raises Failure for a file that is no picture.
    """
    read = cv2.imread(str(photo), cv2.IMREAD_COLOR)
    if read is None:
        raise Failure(f"{photo}: no picture that OpenCV can decode; replace it or take it out of the folder")
    image = np.asarray(read, np.uint8)
    faces = [detection.box for detection in engine.detect(image)]
    view = _round(image, max(faces, key=lambda box: box.width)) if faces else image
    cv2.imwrite(str(target), view, [cv2.IMWRITE_JPEG_QUALITY, 95])


def _round(image: Image, face: Box) -> Image:
    rows, columns = image.shape[:2]
    width = min(columns, round(FACES_WIDE * face.width))
    height = min(rows, round(width / SHAPE))
    left = _within(round(face.left + face.width / 2 - width / 2), columns - width)
    top = _within(round(face.top + face.height / 2 - 0.45 * height), rows - height)
    return image[top : top + height, left : left + width]


def _within(place: int, last: int) -> int:
    return max(0, min(place, last))

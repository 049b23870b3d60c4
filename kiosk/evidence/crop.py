"""From a frame to the small picture of one face."""

from __future__ import annotations

import math

import cv2

from firmware.camera import Pixels
from models.face import Box

AROUND = 0.35
"""So much of the face's width and height is kept on each side: hair, scarf and the edge of a held-up photo."""

LARGEST_PX = 240
QUALITIES = (82, 65, 45)
MOST_BYTES = 24_576
"""A picture of 240 px has some 10 kB; a noisy one is pressed harder until it fits."""


def face_crop(pixels: Pixels, box: Box) -> Pixels | None:
    """That face and a little around it, a copy: the camera may use the frame again. None where nothing of the box is in view."""
    if not all(map(math.isfinite, (box.left, box.top, box.width, box.height))):
        return None
    height, width = pixels.shape[:2]
    across, down = AROUND * box.width, AROUND * box.height
    left, right = _within(box.left - across, width), _within(box.left + box.width + across, width)
    top, bottom = _within(box.top - down, height), _within(box.top + box.height + down, height)
    return pixels[top:bottom, left:right].copy() if right > left and bottom > top else None


def jpeg(crop: Pixels) -> bytes | None:
    """The crop as JPEG, at most 240 px a side and 24 KiB; None for one that cannot be made so small."""
    height, width = crop.shape[:2]
    scale = min(1.0, LARGEST_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA) if scale < 1 else crop
    for quality in QUALITIES:
        _, found = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if len(found) <= MOST_BYTES:
            return found.tobytes()
    return None


def _within(value: float, most: int) -> int:
    return min(max(round(value), 0), most)

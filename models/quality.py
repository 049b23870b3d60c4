"""Whether a face can be read, from a small grey patch of it and its points: a fraction of a millisecond."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from models import align
from models.face import Detection, Hint, Image, Points, Quality

_SIDE = 96
_PATCH = np.array([[38.3, 51.7], [73.5, 51.5]], np.float32) * np.float32(_SIDE / 112)  # the eyes on the patch
_LIGHT = 128.0
_WIDTH_OF_SPAN = 2.5  # a face is so many eye distances wide: the square HOG draws


@dataclass(frozen=True, slots=True)
class Limits:
    """What a face must keep to. Widths in pixels of the picture, light 0..255, angles in degrees.

    Measured on webcam and press pictures: a face blurred to sharpness 40 (sigma 3 px at 150 px width) or dimmed to light 35
    still has a cosine of 0.98 to its own sharp, bright self with dlib's network; blurred twice as much, 0.93, no better than
    a stranger's.
    """

    width_px: float = 80
    sharpness: float = 40
    darkest: float = 35
    brightest: float = 225
    yaw: float = 30
    roll: float = 25


LIMITS = Limits()


def assess(image: Image, detection: Detection, limits: Limits = LIMITS) -> Quality:
    """Measure a face and say the first thing to mend: nearer, light, pose, then stillness."""
    points = detection.points
    patch = _patch(image, points)
    light = float(patch.mean())
    # Dimming a picture shrinks its edges: without this a sharp face in poor light would be told to hold still.
    sharpness = float(cv2.Laplacian(patch, cv2.CV_16S).var()) * (_LIGHT / max(light, 1.0)) ** 2
    width = _WIDTH_OF_SPAN * align.eyes_span(points)
    measured = Quality(width, sharpness, light, align.yaw_degrees(points), align.roll_degrees(points), None)
    return replace(measured, hint=_hint(measured, limits))


def _hint(face: Quality, limits: Limits) -> Hint | None:
    shortcomings = (
        (face.width_px < limits.width_px, Hint.CLOSER),
        (face.light < limits.darkest, Hint.TOO_DARK),
        (face.light > limits.brightest, Hint.TOO_BRIGHT),
        (abs(face.yaw) > limits.yaw or abs(face.roll) > limits.roll, Hint.LOOK_HERE),
        (face.sharpness < limits.sharpness, Hint.HOLD_STILL),
    )
    return next((hint for broken, hint in shortcomings if broken), None)


def _patch(image: Image, points: Points) -> Image:
    """(96, 96) grey, the eyes always in the same place: measures do not depend on detector, embedder or distance."""
    patch = align.warp(image, align.similarity(points[:2], _PATCH), _SIDE)
    return np.asarray(cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY), np.uint8)

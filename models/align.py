"""From landmarks to chips."""

from __future__ import annotations

from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face import Box, Image, Points

Transform: TypeAlias = NDArray[np.float32]
"""(2, 3): picture to chip."""

ARCFACE: Points = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
"""Where the five points lie on a 112x112 chip. Source: deepinsight/insightface, `face_align.py`."""


CORNERS: Points = np.array([[80.2, 53.7], [66.5, 54.0], [31.8, 53.2], [45.4, 53.9], [55.8, 80.3]], np.float32)
"""Where dlib's five landmarks lie on the same chip: median of 339 LFW pictures aligned by YuNet's points, to ±2.5 px."""

_HOG_MIDDLE = np.array([57.3, 73.2, 1.0])
_HOG_SIDE = 88.0  # the landmark predictor was trained on HOG's squares, here in pixels of the same chip (same medians)


def similarity(source: NDArray[Any], target: NDArray[Any]) -> Transform:
    """The rotation, scale and shift (no shear, no mirror) that brings (n, 2) points nearest to others, least squares.

    As complex numbers the solution is one division: t = a s + b, with a the covariance over the variance.
    """
    s = source[:, 0].astype(np.float64) + 1j * source[:, 1]
    t = target[:, 0].astype(np.float64) + 1j * target[:, 1]
    middle_s, middle_t = s.mean(), t.mean()
    centred = s - middle_s
    a = np.vdot(centred, t - middle_t) / max(np.vdot(centred, centred).real, 1e-9)
    b = middle_t - a * middle_s
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]], np.float32)


def warp(image: Image, transform: Transform, side: int) -> Image:
    """(side, side, 3) chip; what lies outside of the picture is black."""
    return np.asarray(cv2.warpAffine(image, transform, (side, side), flags=cv2.INTER_LINEAR), np.uint8)


def eyes_span(points: Points) -> float:
    """Pixels between the centres of the eyes."""
    return float(np.hypot(*(points[1] - points[0])))


def yaw_degrees(points: Points) -> float:
    """How far the head is turned, from where the nose lies along the line of the eyes; 0 is frontal, ± to either side.

    The tip of a nose stands about 0.55 eye distances before the plane of the eyes, so it moves by 0.55 sin(yaw).
    """
    along = points[1] - points[0]
    middle = (points[0] + points[1]) / 2
    moved = float(np.dot(points[2] - middle, along) / max(float(np.dot(along, along)), 1e-9))
    return float(np.degrees(np.arcsin(np.clip(moved / 0.55, -1, 1))))


def roll_degrees(points: Points) -> float:
    """How far the head is tilted; 0 is upright."""
    across, down = points[1] - points[0]
    return float(np.degrees(np.arctan2(down, across)))


def hog_square(points: Points) -> Box:
    """The square that dlib's HOG detector would have drawn round these five points."""
    back = cv2.invertAffineTransform(similarity(points, ARCFACE))
    left, top = back @ _HOG_MIDDLE
    side = _HOG_SIDE * float(np.hypot(back[0, 0], back[1, 0]))
    return Box(float(left) - side / 2, float(top) - side / 2, side, side)

"""What is known of a face in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""(height, width, 3), uint8, blue-green-red."""

Points: TypeAlias = NDArray[np.float32]
"""(5, 2), float32, x and y in pixels: right eye, left eye, nose, right and left mouth corner, as the person has them
(the right eye is left in the picture). A detector without mouth corners gives NaN there."""

Vector: TypeAlias = NDArray[np.float32]
"""(dimensions,), float32, length 1: a template or a probe."""


class Hint(StrEnum):
    """Why a face cannot be read yet, and so what to do about it."""

    CLOSER = "closer"
    LOOK_HERE = "look-here"
    HOLD_STILL = "hold-still"
    TOO_DARK = "too-dark"
    TOO_BRIGHT = "too-bright"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the picture; may reach over its edge."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face found: where, its points, and the detector's own score (not comparable across detectors).

    `corners`: dlib's five landmarks (corners of the left eye outer, inner, of the right eye outer, inner, base of the nose;
    (5, 2), pixels) where the detector needed them anyway.
    """

    box: Box
    points: Points
    score: float
    corners: Points | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face can be read. `width_px`: of the face; `sharpness`: variance of the Laplacian on an aligned patch, as
    if its light were 128; `light`: mean luminance 0..255; `yaw`, `roll`: degrees, 0 is frontal. `hint`: what to mend first,
    or None."""

    width_px: float
    sharpness: float
    light: float
    yaw: float
    roll: float
    hint: Hint | None


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face, its quality, and its probe vector where the quality was good enough to make one."""

    detection: Detection
    quality: Quality
    vector: Vector | None

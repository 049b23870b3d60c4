"""One picture on its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]
"""(height, width, 3), uint8, blue-green-red as OpenCV has it, C-contiguous."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture, the monotonic moment it was taken at (ns), and its number since the camera was opened, from 0."""

    pixels: Pixels
    taken_ns: int
    number: int

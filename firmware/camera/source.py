"""What a camera driver is, and what several of them need."""

from __future__ import annotations

import time
from typing import Protocol

import cv2
import numpy as np

from firmware.camera.frame import Pixels


class Source(Protocol):
    """One open camera, used by one thread.

    `next` waits for the next picture; raises CameraError when there is none any more. `close` gives the device back.
    """

    def next(self) -> Pixels:
        """The next picture, (height, width, 3) blue-green-red. May block; raises CameraError."""
        ...

    def close(self) -> None:
        """Give the device back; once more is fine."""
        ...


class Pace:
    """Lets one frame through every 1/fps seconds; a late one is not made up for."""

    def __init__(self, fps: float) -> None:
        self._period_s = 1 / fps
        self._due_s = time.monotonic()

    def wait(self) -> None:
        """Sleep until the next frame is due."""
        now_s = time.monotonic()
        time.sleep(max(0.0, self._due_s - now_s))
        self._due_s = max(self._due_s, now_s - self._period_s) + self._period_s


def letterbox(picture: Pixels, width: int, height: int) -> Pixels:
    """The whole picture in a frame of the asked size, bars where its shape differs."""
    rows, columns = picture.shape[:2]
    if (columns, rows) == (width, height):
        return picture
    scale = min(width / columns, height / rows)
    inner = max(1, round(columns * scale)), max(1, round(rows * scale))
    small = cv2.resize(picture, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    frame = empty(width, height)
    frame[top : top + inner[1], left : left + inner[0]] = small
    return frame


def empty(width: int, height: int) -> Pixels:
    """A grey picture with nobody in it."""
    return np.full((height, width, 3), 96, dtype=np.uint8)

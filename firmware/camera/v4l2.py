"""A USB camera through V4L2, by OpenCV."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from firmware.camera.frame import Pixels
from firmware.errors import CameraMissing

READ_LIMIT_MS = 2000
"""OpenCV waits 10 s for a frame by default; where its version knows this property, it gives up earlier."""


class V4l2Source:
    """A V4L2 device by path or number. The size is a wish: what the camera gives is taken."""

    def __init__(self, place: str, width: int, height: int) -> None:
        self._path = Path(f"/dev/video{place}" if place.isdigit() else place)
        if not self._path.exists():
            raise CameraMissing(f"v4l2:{self._path} does not exist; plug the camera in, `ls /dev/video*` lists them")
        self._capture = cv2.VideoCapture(str(self._path), cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise CameraMissing(f"v4l2:{self._path} cannot be opened; is it a camera, in use, or not in group video?")
        wishes = {
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_BUFFERSIZE: 1,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC: READ_LIMIT_MS,
        }
        for name, wish in wishes.items():
            self._capture.set(name, wish)

    def next(self) -> Pixels:
        """The next frame. Raises CameraMissing when the device gives none any more."""
        good, frame = self._capture.read()
        if not good:
            raise CameraMissing(f"v4l2:{self._path} gives no picture any more; check the cable")
        return np.asarray(frame, dtype=np.uint8)

    def close(self) -> None:
        """Give the device back."""
        self._capture.release()

"""A video file as a camera, at its own rate."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from firmware.camera.frame import Pixels
from firmware.camera.source import Pace, empty, letterbox
from firmware.errors import CameraMissing

USUAL_FPS = 25.0
"""Taken where a file names no rate or an impossible one."""


class VideoSource:
    """The frames of a clip, letterboxed to one size; at its end it begins again, or shows an empty picture."""

    def __init__(self, place: str, loop: bool, width: int, height: int) -> None:
        self._place = place
        self._loop = loop
        self._size = width, height
        self._capture = self._open()
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._pace = Pace(rate if 1 <= rate <= 240 else USUAL_FPS)
        self._ended = False

    def next(self) -> Pixels:
        """The next frame when it is due. Raises CameraMissing when the clip cannot be read any more."""
        frame = self._frame()
        self._pace.wait()
        return empty(*self._size) if frame is None else letterbox(frame, *self._size)

    def close(self) -> None:
        """Close the file."""
        self._capture.release()

    def _frame(self) -> Pixels | None:
        if self._ended:
            return None
        good, frame = self._capture.read()
        if not good and self._loop:
            self._capture.release()
            self._capture = self._open()
            good, frame = self._capture.read()
            if not good:
                raise CameraMissing(f"file:{self._place} holds no frame that can be decoded; play it elsewhere to see")
        self._ended = not good
        return np.asarray(frame, dtype=np.uint8) if good else None

    def _open(self) -> cv2.VideoCapture:
        if not Path(self._place).exists():
            raise CameraMissing(f"file:{self._place} does not exist; check the path")
        capture = cv2.VideoCapture(self._place, cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise CameraMissing(f"file:{self._place} is no video that OpenCV can decode; try MP4 with H.264")
        return capture

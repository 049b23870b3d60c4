"""The live picture for the page: made beside the loop, never in its way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import cv2

from firmware.camera import Frame, Pixels
from kiosk.screen.card import Picture
from models.face import Box

PERIOD_S = 0.1
WIDTH_PX = 480
JPEG_QUALITY = 70
CLOSE_LIMIT_S = 1.0

log = logging.getLogger(__name__)


class LivePicture:
    """Encodes the newest frame, at most ten a second, mirrored as in a mirror; frames in between are dropped."""

    def __init__(self, show: Callable[[Picture], None]) -> None:
        self._show = show
        self._changed = threading.Condition()
        self._next: tuple[Frame, Box | None] | None = None
        self._closed = threading.Event()
        self._failed = False
        self._thread = threading.Thread(target=self._work, name="live", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    def offer(self, frame: Frame, served: Box | None) -> None:
        """A frame and the box of the served face in it; returns at once."""
        with self._changed:
            self._next = frame, served
            self._changed.notify()

    def close(self) -> None:
        """Stop; twice is fine."""
        self._closed.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(CLOSE_LIMIT_S)

    def _work(self) -> None:
        while not self._closed.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._closed.is_set())
                taken, self._next = self._next, None
            if taken is not None:
                self._encode(*taken)
            self._closed.wait(PERIOD_S)

    def _encode(self, frame: Frame, served: Box | None) -> None:
        try:
            self._show(encode(frame.pixels, served))
        except cv2.error as error:  # no frame, however hostile, may end the thread
            if not self._failed:
                log.warning("a frame of shape %s cannot be shown: %s", frame.pixels.shape, error)
            self._failed = True
        else:
            self._failed = False


def encode(pixels: Pixels, served: Box | None) -> Picture:
    """A frame as the page shows it: mirrored, at most 480 px wide, the box in the picture's own pixels."""
    height, width = pixels.shape[:2]
    scale = min(1.0, WIDTH_PX / width)
    size = round(width * scale), round(height * scale)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    _, jpeg = cv2.imencode(".jpg", cv2.flip(small, 1), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return Picture(jpeg.tobytes(), *size, None if served is None else _mirrored(served, width, scale))


def _mirrored(box: Box, width: int, scale: float) -> Box:
    left = width - box.left - box.width
    return Box(left * scale, box.top * scale, box.width * scale, box.height * scale)

"""Finding faces: dlib's HOG, or YuNet through OpenCV. Both look at a smaller picture and answer in pixels of the whole one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import cv2
import dlib
import numpy as np

from models.errors import WeightsError
from models.face import Box, Detection, Image, Points


class Detector(Protocol):
    """Finds every face of a picture."""

    name: str

    def detect(self, image: Image) -> list[Detection]:
        """Faces in the order found; none is an empty list."""

    def raw_call(self, image: Image) -> Callable[[], object]:
        """The models' own part of `detect` on this picture, for measuring what is spent around it."""


class Landmarks:
    """dlib's five-point predictor. Works on a picture and the square HOG would have drawn."""

    def __init__(self, path: Path) -> None:
        try:
            self._predict = dlib.shape_predictor(str(path))
        except RuntimeError as error:
            raise WeightsError(f"{path}: dlib cannot open it: {error}") from error

    def corners(self, image: Image, square: Box) -> Points:
        """Dlib's five landmarks, (5, 2) pixels."""
        return np.array([(p.x, p.y) for p in self.shape(image, square).parts()], np.float32)

    def shape(self, image: Image, square: Box) -> Any:
        """The same as dlib's own object. dlib greys a pixel by the mean of its channels: their order does not matter."""
        left, top = round(square.left), round(square.top)
        side = round(square.width)
        return self._predict(image, dlib.rectangle(left, top, left + side - 1, top + side - 1))


class Hog:
    """dlib's frontal detector. Its window is 80 px: at 480 px working width it finds faces from a sixth of the width on.

    The nearest face is the one to serve and the largest, so large ones are looked for first, in a smaller picture at two
    thirds of the time; only when there are none, in the larger one.
    """

    name = "hog"

    def __init__(self, landmarks: Landmarks, widths: tuple[int, ...] = (400, 480)) -> None:
        self._hog = dlib.get_frontal_face_detector()
        self._landmarks = landmarks
        self._widths = widths

    def detect(self, image: Image) -> list[Detection]:
        """Grey first, then small: HOG takes the strongest gradient of the channels, which costs it a third more in colour."""
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        for width in self._widths:
            small, scale = _resized(grey, width)
            squares, scores, _ = self._hog.run(small, 0, 0.0)
            if squares:
                return [self._found(image, square, score, scale) for square, score in zip(squares, scores, strict=True)]
        return []

    def raw_call(self, image: Image) -> Callable[[], object]:
        """The bare search and prediction on an image with a face near enough for the first width, everything prepared."""
        small, _ = _resized(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), self._widths[0])
        box = self.detect(image)[0].box

        def call() -> None:
            self._hog.run(small, 0, 0.0)
            self._landmarks.shape(image, box)

        return call

    def _found(self, image: Image, square: Any, score: float, scale: float) -> Detection:
        side = square.width() / scale
        box = Box(square.left() / scale, square.top() / scale, side, side)
        corners = self._landmarks.corners(image, box)
        return Detection(box, points_of(corners), float(score), corners)


def points_of(corners: Points) -> Points:
    """Eyes and nose from dlib's landmarks; it knows no mouth."""
    points = np.full((5, 2), np.nan, np.float32)
    points[0] = (corners[2] + corners[3]) / 2
    points[1] = (corners[0] + corners[1]) / 2
    points[2] = corners[4]
    return points


class Yunet:
    """YuNet. Its smallest face is about 10 px of the working picture."""

    name = "yunet"

    def __init__(self, path: Path, width: int = 320, least_score: float = 0.6) -> None:
        try:
            self._net = cv2.FaceDetectorYN.create(str(path), "", (width, width), least_score, 0.3, 50)
        except cv2.error as error:
            raise WeightsError(f"{path}: OpenCV {cv2.__version__} cannot open it: {error}") from error
        self._width = width
        self._size = (0, 0)

    def detect(self, image: Image) -> list[Detection]:
        """Every face that scores enough."""
        small, scale = _resized(image, self._wanted(image))
        size = (small.shape[1], small.shape[0])
        if size != self._size:
            self._net.setInputSize(size)
            self._size = size
        _, rows = self._net.detect(small)
        return [] if rows is None else [_row(row, scale) for row in rows]

    def raw_call(self, image: Image) -> Callable[[], object]:
        """The bare network on the prepared picture."""
        self.detect(image)
        small, _ = _resized(image, self._wanted(image))
        return lambda: self._net.detect(small)

    def _wanted(self, image: Image) -> int:
        """A picture smaller than the working one is a photo, not a frame: it has the time to be looked at enlarged."""
        return self._width if max(image.shape[:2]) >= self._width else self._width * 3 // 2


def _row(row: Any, scale: float) -> Detection:
    left, top, width, height = (float(value) / scale for value in row[:4])
    points = (row[4:14].reshape(5, 2) / scale).astype(np.float32)
    return Detection(Box(left, top, width, height), points, float(row[14]))


def _resized(image: Any, width: int) -> tuple[Any, float]:
    """The longer side brought to `width` px, also upwards: a small file's faces must reach the detector's window."""
    scale = width / max(image.shape[:2])
    if scale == 1:
        return image, 1.0
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), scale

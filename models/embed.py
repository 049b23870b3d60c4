"""Networks in ONNX Runtime: a chip and its mirror in, one vector out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.errors import WeightsError
from models.face import Image, Vector
from models.manifest import Card, Family, Feed


def open_session(path: Path, threads: int) -> Any:
    """An ONNX Runtime session on `threads` CPU threads (0: one a core). Raises `WeightsError` for a broken file."""
    onnxruntime.disable_telemetry_events()  # nothing about faces leaves the house, not even how often they are read
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin between two frames would heat a small board for nothing.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise WeightsError(f"{path}: ONNX Runtime cannot open it: {error}") from error


def unit(vector: NDArray[Any]) -> Vector:
    """The vector with length 1."""
    scaled: Vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    return scaled


class Embedder:
    """One embedding network. `embed` is not for several threads at once: it fills a buffer of its own."""

    def __init__(self, path: Path, card: Card, threads: int) -> None:
        self.card = card
        self._session = open_session(path, threads)
        source = self._session.get_inputs()[0]
        self._input: str = source.name
        self._pairs = not isinstance(source.shape[0], int) or source.shape[0] == 2
        self._batch = _batcher(card)

    def embed(self, chip: Image) -> Vector:
        """The normalised sum of the vectors of the chip and of its mirror."""
        batch = self._batch(chip)
        if self._pairs:
            vectors = self.run(batch)
            return unit(vectors[0] + vectors[1])
        return unit(self.run(batch[:1])[0] + self.run(batch[1:])[0])

    def run(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """The raw network: a batch as its input wants it to (n, dimensions)."""
        vectors: NDArray[np.float32] = self._session.run(None, {self._input: batch})[0]
        return vectors

    def batch(self, chip: Image) -> NDArray[Any]:
        """The chip and its mirror as the network's input; the next call overwrites it."""
        return self._batch(chip)


def _batcher(card: Card) -> Callable[[Image], NDArray[Any]]:
    if card.family is Family.DLIB:
        buffer = np.empty((2, 150, 150, 3), np.uint8)

        def stacked(chip: Image) -> NDArray[Any]:
            buffer[0] = chip
            cv2.flip(chip, 1, buffer[1])  # ten times quicker than a reversed view
            return buffer

        return stacked
    assert card.feed is not None
    return _blobber(card.feed)


def _blobber(feed: Feed) -> Callable[[Image], NDArray[Any]]:
    buffer = np.empty((2, 3, 112, 112), np.float32)

    def blob(chip: Image) -> NDArray[Any]:
        single = cv2.dnn.blobFromImage(chip, feed.scale, (112, 112), (feed.mean,) * 3, swapRB=feed.channels == "rgb")
        buffer[0] = single[0]
        buffer[1] = single[0, :, :, ::-1]
        return buffer

    return blob

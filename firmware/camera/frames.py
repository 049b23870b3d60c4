"""A folder of pictures as a camera: each stays in view for a while, like a person who walks up."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from firmware.camera.frame import Pixels
from firmware.camera.source import Pace, empty, letterbox
from firmware.errors import CameraMissing

log = logging.getLogger(__name__)

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


class FramesSource:
    """The pictures of a folder in the order of their names, at a frame rate, letterboxed to one size.

    A picture that cannot be decoded is skipped and logged once. Raises CameraMissing when the folder is missing or holds
    no readable picture.
    """

    def __init__(self, folder: str, options: Mapping[str, float], width: int, height: int) -> None:
        self._unreadable: set[Path] = set()
        self._folder = Path(folder)
        self._options = options
        self._size = width, height
        self._pace = Pace(options["fps"])
        self._frames = self._play()

    def next(self) -> Pixels:
        """The next frame when it is due. Raises CameraMissing."""
        frame = next(self._frames)
        self._pace.wait()
        return frame

    def close(self) -> None:
        """Nothing is held."""

    def _play(self) -> Iterator[Pixels]:
        rounds = itertools.count() if self._options["loop"] else range(1)
        for _ in rounds:
            shown = 0
            for picture in self._pictures():
                shown += 1
                yield from self._stay(picture)
            if not shown:
                raise CameraMissing(f"frames:{self._folder} holds no readable picture; put {_suffixes()} files there")
        yield from itertools.repeat(empty(*self._size))

    def _pictures(self) -> Iterator[Pixels]:
        for path in self._paths():
            picture = _decode(path)
            if picture is None:
                self._skip(path)
            else:
                yield letterbox(picture, *self._size)

    def _paths(self) -> list[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if path.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise CameraMissing(f"frames:{self._folder} cannot be read ({error}); check the path") from error

    def _stay(self, picture: Pixels) -> Iterator[Pixels]:
        yield from itertools.repeat(picture, int(self._options["hold"]))
        yield from itertools.repeat(empty(*self._size), int(self._options["gap"]))

    def _skip(self, path: Path) -> None:
        if path not in self._unreadable:
            self._unreadable.add(path)
            log.warning("picture %s cannot be decoded, skipped", path)


def _decode(path: Path) -> Pixels | None:
    try:
        raw = np.fromfile(path, dtype=np.uint8)
        found = cv2.imdecode(raw, cv2.IMREAD_COLOR) if raw.size else None
    except (OSError, cv2.error):
        return None
    return None if found is None else np.asarray(found, dtype=np.uint8)


def _suffixes() -> str:
    return ", ".join(sorted(SUFFIXES))

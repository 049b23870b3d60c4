"""From a frame to the face that is served and its probe."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from firmware.camera.frame import Frame
from kiosk.vision.track import Track, follow
from models.engine import Engine
from models.face import Detection, Face, Vector
from models.template import mean_template

BURST = 5
"""Vectors of one track that are averaged into its probe: the newest ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a frame shows.

    `faces`: all that were found, widest first. `served`: the one that counts. `track`: changes when the served face is
    another one, 0 before the first. `probe`: mean of the newest vectors of this track, `burst` of them; it refuses far
    fewer of the enrolled than a single vector, None while no frame of the track was good enough.
    """

    faces: tuple[Detection, ...]
    served: Face | None
    track: int
    probe: Vector | None = None
    burst: int = 0


class Vision:
    """Looks at one frame after the other; only the served face is embedded, and only when it can be read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._alike = engine.card.thresholds[0][1]
        self._track: Track | None = None
        self._vectors: deque[Vector] = deque(maxlen=BURST)

    def look(self, frame: Frame) -> Look:
        """Find, follow, judge, embed."""
        faces = tuple(sorted(self._engine.detect(frame.pixels), key=lambda face: -face.box.width))
        before = self._track
        served, self._track = follow(before, faces, frame.taken_ns)
        if self._track is None or before is None or self._track.number != before.number:
            self._vectors.clear()
        if served is None:
            return Look(faces, None, self._number)
        face = self._read(frame, served)
        if face.vector is not None:
            self._remember(face.vector)
        probe = mean_template(self._vectors) if self._vectors else None
        return Look(faces, face, self._number, probe, len(self._vectors))

    @property
    def _number(self) -> int:
        return 0 if self._track is None else self._track.number

    def _read(self, frame: Frame, detection: Detection) -> Face:
        quality = self._engine.assess(frame.pixels, detection)
        vector = self._engine.embed(frame.pixels, detection) if quality.hint is None else None
        return Face(detection, quality, vector)

    def _remember(self, vector: Vector) -> None:
        """A face in the right place that is not alike is somebody who stepped in: a new track."""
        if self._vectors and self._track and float(mean_template(self._vectors) @ vector) < self._alike:
            self._track = replace(self._track, number=self._track.number + 1)
            self._vectors.clear()
        self._vectors.append(vector)

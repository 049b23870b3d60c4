"""The one way from a picture to a vector, for the kiosk, the centre, the benches and the evaluation alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import dlib
import numpy as np

from models import align, manifest, quality, store
from models.detect import Detector, Hog, Landmarks, Yunet
from models.embed import Embedder
from models.errors import ManifestError, WeightsError
from models.face import Box, Detection, Image, Points, Quality, Vector
from models.manifest import Card, Family, Kind

DetectorName = Literal["auto", "hog", "yunet"]

_CHIP = 150
_BOTH = np.vstack([align.ARCFACE, align.CORNERS])
_PADDING = 0.25  # of dlib's chip, as the network was trained


class Engine:
    """Detector, landmarks, chip, quality and embedder. One thread at a time; opening it reads about 30 MB."""

    def __init__(self, detector: Detector, landmarks: Landmarks, embedder: Embedder) -> None:
        self._detector = detector
        self._landmarks = landmarks
        self.embedder = embedder
        self.card: Card = embedder.card
        self.model: str = embedder.card.tag

    @property
    def detector(self) -> str:
        """Name of the detector in use: hog or yunet."""
        return self._detector.name

    def detect(self, image: Image) -> list[Detection]:
        """Every face of a BGR picture."""
        return self._detector.detect(image)

    def assess(self, image: Image, detection: Detection) -> Quality:
        """How well the face can be read."""
        return quality.assess(image, detection)

    def chip(self, image: Image, detection: Detection) -> Image:
        """The aligned face as the embedder wants it: 150x150 for dlib's family, else 112x112, BGR.

        Measured on LFW, 150 enrolled, refusals at one stranger in 1,000: dlib's chips from predicted landmarks 16.2 %, straight
        from YuNet's points 18.0 %; aligned112 from YuNet's points 3.0 %, with the predicted landmarks beside them 2.7 %.
        """
        shape = self._shape(image, detection)
        if self.card.family is Family.DLIB:
            return _dlib_chip(image, shape)
        return align.warp(image, _to_arcface(detection, shape), 112)

    def embed(self, image: Image, detection: Detection) -> Vector:
        """The face's vector, averaged with its mirror's, of length 1."""
        return self.embed_chip(self.chip(image, detection))

    def embed_chip(self, chip: Image) -> Vector:
        """The vector of a chip that `chip` made."""
        return self.embedder.embed(chip)

    def raw_calls(self, image: Image) -> list[Callable[[], object]]:
        """The models' own calls on a picture with one face, everything around them prepared: what overhead is measured by."""
        face = self.detect(image)[0]
        batch = self.embedder.batch(self.chip(image, face)).copy()
        calls = [self._detector.raw_call(image), lambda: self.embedder.run(batch)]
        if face.corners is None:
            square = align.hog_square(face.points)
            calls.append(lambda: self._landmarks.shape(image, square))
        return calls

    def _shape(self, image: Image, detection: Detection) -> dlib.full_object_detection:
        """Dlib's landmarks: HOG has them already, for YuNet's faces they are predicted in the square HOG would have drawn."""
        if detection.corners is not None:
            return _as_shape(detection.box, detection.corners)
        return self._landmarks.shape(image, align.hog_square(detection.points))


def _as_shape(box: Box, corners: Points) -> dlib.full_object_detection:
    rectangle = dlib.rectangle(
        round(box.left), round(box.top), round(box.left + box.width), round(box.top + box.height)
    )
    points = [dlib.point(round(float(x)), round(float(y))) for x, y in corners]
    return dlib.full_object_detection(rectangle, dlib.points(points))


def _dlib_chip(image: Image, shape: dlib.full_object_detection) -> Image:
    """Dlib's own interpolation, so that a template of dlib's users and ours are the same."""
    chip: Image = dlib.get_face_chip(image, shape, _CHIP, _PADDING)
    return chip


def _to_arcface(detection: Detection, shape: dlib.full_object_detection) -> align.Transform:
    """From dlib's landmarks, and the detector's points where it knows all five."""
    corners = np.array([(p.x, p.y) for p in shape.parts()], np.float32)
    if np.isnan(detection.points).any():
        return align.similarity(corners, align.CORNERS)
    return align.similarity(np.vstack([detection.points, corners]), _BOTH)


def open_engine(
    weights: Path, detector: DetectorName = "auto", embedder: str = "dlib", threads: int = 0, more: Path | None = None
) -> Engine:
    """Open an engine on a folder of installed weights; every file's hash is checked first.

    `auto` takes YuNet where one is installed, else HOG. `threads`: of the embedder, 0 takes one a core. `more`: a folder
    searched through for the files of the manifest that are not installed, whatever their names there.
    Raises `WeightsError` for a missing or altered file, `ManifestError` for an unknown embedder.
    """
    card = manifest.card(embedder)
    if card.kind is not Kind.EMBEDDER:
        raise ManifestError(f"{embedder!r} is a model of kind {card.kind}, not an embedder")
    files = _Files(weights, store.search(more, manifest.cards()) if more else {})
    landmarks = Landmarks(files.require(manifest.card("landmarks5")))
    found = _open_detector(files, detector, landmarks)
    return Engine(found, landmarks, Embedder(files.require(card), card, threads))


@dataclass(frozen=True, slots=True)
class _Files:
    """Where the manifest's files are: installed, or found elsewhere by hash."""

    weights: Path
    elsewhere: dict[str, Path]

    def has(self, card: Card) -> bool:
        return (self.weights / card.file).is_file() or card.name in self.elsewhere

    def require(self, card: Card) -> Path:
        if card.name in self.elsewhere and not (self.weights / card.file).is_file():
            return self.elsewhere[card.name]
        return store.require(card, self.weights)


def _open_detector(files: _Files, name: DetectorName, landmarks: Landmarks) -> Detector:
    if name == "hog":
        return Hog(landmarks)
    known = sorted((card for card in manifest.cards() if card.kind is Kind.DETECTOR), key=lambda card: card.rank)
    for card in known:
        if files.has(card):
            return Yunet(files.require(card))
    if name == "auto":
        return Hog(landmarks)
    names = ", ".join(card.file for card in known)
    raise WeightsError(f"{files.weights}: no YuNet there ({names}); `siperlu models install` brings one, or take hog")

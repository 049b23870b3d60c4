"""Which face of a picture is the person's, and which pictures of a person show somebody else. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from collector.errors import PhotoError
from models.face import Detection, Hint, Vector
from models.template import mean_template

FAR_SMALLER = 0.25
"""A second face is taken for a passer-by when its area is at most this share of the first one's."""

SAME_PICTURE = 0.9995
"""Two pictures whose vectors are closer than this cosine are one picture, saved twice."""

REASONS = {
    Hint.CLOSER: "the face is too small; take it from nearer",
    Hint.LOOK_HERE: "the face is turned or tilted; look into the camera",
    Hint.HOLD_STILL: "the face is blurred; hold still",
    Hint.TOO_DARK: "the face is too dark; more light from the front",
    Hint.TOO_BRIGHT: "the face is too bright; less light",
}


def only_face(found: Sequence[Detection]) -> Detection:
    """The one clear face of a picture. Raises PhotoError for none, or for several of like size."""
    if not found:
        raise PhotoError("no face found")
    first, *others = sorted(found, key=_area, reverse=True)
    if others and _area(others[0]) > FAR_SMALLER * _area(first):
        raise PhotoError(f"several faces ({len(found)}); cut out the one that is meant")
    return first


def copy_of(vector: Vector, others: Sequence[Vector]) -> int | None:
    """Place of the vector that is the same picture saved again; None when there is none."""
    return next((place for place, other in enumerate(others) if float(vector @ other) >= SAME_PICTURE), None)


def agreeing(vectors: Sequence[Vector], least: float) -> frozenset[int]:
    """Places of the vectors that are of one person: the least like the others goes, until all are alike enough.

    Each must reach the cosine `least` to the mean of the others. Where no more than half of several agree nobody can
    tell who the folder is of: then none does.
    """
    kept = set(range(len(vectors)))
    while len(kept) > 1:
        likeness = {one: _to_others(vectors, one, kept) for one in sorted(kept)}
        worst = min(likeness, key=lambda one: likeness[one])
        if likeness[worst] >= least:
            break
        kept.remove(worst)
    return frozenset(kept) if 2 * len(kept) > len(vectors) else frozenset()


def look_alikes(new: np.ndarray, everybody: np.ndarray, least: float) -> list[tuple[int, int, float]]:
    """Row of `new`, row of `everybody`, cosine: of all pairs that reach `least`. Both are (n, dimensions), unit rows."""
    found: list[tuple[int, int, float]] = []
    for start in range(0, len(new), 512):  # 512 against 11,000 take 22 MB
        cosines = new[start : start + 512] @ everybody.T
        found += [(start + int(a), int(b), float(cosines[a, b])) for a, b in np.argwhere(cosines >= least)]
    return found


def _area(face: Detection) -> float:
    return face.box.width * face.box.height


def _to_others(vectors: Sequence[Vector], one: int, kept: set[int]) -> float:
    return float(vectors[one] @ mean_template([vectors[other] for other in sorted(kept) if other != one]))

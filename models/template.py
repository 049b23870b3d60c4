"""A person's template."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.face import Vector


def mean_template(vectors: Sequence[Vector]) -> Vector:
    """The mean of vectors of one person, with length 1. Raises `ValueError` for none, or for vectors that cancel out."""
    if not vectors:
        raise ValueError("a template needs one vector at least; give the person's photos")
    mean = np.mean(vectors, axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        raise ValueError("the vectors cancel each other out: they are not of one person")
    return np.asarray(mean / length, np.float32)

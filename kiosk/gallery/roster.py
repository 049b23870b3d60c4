"""Who may be recognised here: the roster as the kiosk holds it, decrypted, in memory only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Template: TypeAlias = NDArray[np.float32]
"""(dimensions,), float32, length 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """One person of the roster. `assigned`: works at this unit; `from_`/`until`: served between these moments."""

    person: str
    name: str
    unit: str
    assigned: bool
    template: Template
    from_: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True, eq=False)
class Roster:
    """A complete roster: version, embedder, least cosine and lead that name a person, and the people."""

    version: int
    model: str
    threshold: float
    margin: float
    people: tuple[Enrolled, ...]

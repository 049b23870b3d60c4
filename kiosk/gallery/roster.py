"""Who may be recognised here: the roster as the kiosk holds it, decrypted, in memory only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wire.messages import PinVerifier

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


@dataclass(frozen=True, slots=True)
class PinHolder:
    """One person who may give a PIN, on a head's guarantee; between two moments as of `Enrolled`, and those of `verifier`."""

    person: str
    name: str
    verifier: PinVerifier
    from_: datetime | None
    until: datetime | None

    def served(self, at: datetime) -> bool:
        """Whether the guarantee holds at that moment, and the person serves."""
        guaranteed = self.verifier.from_ <= at < self.verifier.until
        return guaranteed and (self.from_ is None or self.from_ <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, eq=False)
class Roster:
    """A complete roster: version, embedder, least cosine and lead that name a person, the people with a face, and those with
    a PIN; some are both."""

    version: int
    model: str
    threshold: float
    margin: float
    people: tuple[Enrolled, ...]
    pins: tuple[PinHolder, ...] = ()

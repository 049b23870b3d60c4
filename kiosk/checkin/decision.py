"""What goes into a decision, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.gallery.match import Match
from models.face import Hint

SECOND_NS = 1_000_000_000


class Outcome(StrEnum):
    """What a look has come to so far."""

    IDLE = "idle"
    SEEN = "seen"
    ADJUST = "adjust"
    RECORDED = "recorded"
    ALREADY = "already"
    NOT_RECOGNISED = "not-recognised"
    SEE_OFFICER = "see-officer"
    PIN_WRONG = "pin-wrong"
    PIN_LOCKED = "pin-locked"


NAMED = frozenset({Outcome.RECORDED, Outcome.ALREADY})


@dataclass(frozen=True, slots=True)
class Glance:
    """One frame as the decision sees it. `track`: number of the served face, None when nobody is there; `match`: what
    the gallery said, None when the face could not be read; `hint`: why it could not."""

    at_ns: int
    track: int | None
    match: Match | None = None
    hint: Hint | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a person is named: mean cosine over the agreeing frames, the highest cosine of anybody else in them (None
    when nobody else is enrolled), and how many frames agreed."""

    score: float
    runner_up: float | None
    frames: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do and show now.

    `new`: the outcome begins with this frame: announce it, and for RECORDED write `person` with `evidence` first.
    Otherwise it still stands. `person` is set for RECORDED and ALREADY, `hint` for ADJUST.
    """

    outcome: Outcome
    new: bool = False
    person: str | None = None
    evidence: Evidence | None = None
    hint: Hint | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """When a look counts. Times in ns of the same monotonic clock as the glances.

    `agree_frames`: readable frames in a row that must name one person; `repeat_ns`: a second look within it is a
    repeat; `show_ns`: how long a result stays after its person left.
    """

    agree_frames: int
    repeat_ns: int
    show_ns: int
    gone_ns: int = 600_000_000
    """A face lost for less is a detector's blink, not a person who left."""
    adjust_ns: int = 400_000_000
    """A shortcoming must last so long before it is said: somebody walking up mends it unasked."""
    yield_ns: int = SECOND_NS
    """The next face leaves the result before it on the screen at most so long while it is being read."""
    patience_ns: int = 700_000_000
    """Nobody is told "not recognised" earlier after their first readable frame."""
    swap_ns: int = 3 * SECOND_NS
    """The same after somebody was named on this track: a head that turns away is not a stranger."""

    @property
    def patience_frames(self) -> int:
        """Readable frames without agreement before "not recognised"; doubt gets twice as many to become a match."""
        return max(2 * self.agree_frames, 6)

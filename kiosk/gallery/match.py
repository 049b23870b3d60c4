"""What comparing a probe with the gallery gave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What one comparison says by itself; agreement over frames is the check-in's business."""

    MATCH = "match"  # over the threshold, with the margin
    UNCERTAIN = "uncertain"  # over the threshold without the margin, or just under the threshold
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Match:
    """The likest person, their cosine, and that of the next one (None when fewer than two are enrolled).

    `person` is set whatever the verdict, None only for an empty gallery: a record of doubt must name whom it was about.
    """

    person: str | None
    score: float
    runner_up: float | None
    verdict: Verdict

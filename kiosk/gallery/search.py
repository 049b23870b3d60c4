"""The search: one matrix, one product."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from kiosk.gallery.match import Match, Verdict
from kiosk.gallery.roster import Enrolled, Roster, Template


class OtherModelError(ValueError):
    """The roster was made with another embedder than the one that runs here: its templates mean nothing to it."""


class Gallery:
    """A roster ready to be searched. Time and memory grow linearly with the number of people."""

    def __init__(self, roster: Roster, model: str) -> None:
        """`model` is the tag of the embedder that makes the probes. Raises `OtherModelError`."""
        if roster.model != model:
            raise OtherModelError(f"roster {roster.version} is of model {roster.model}, this kiosk runs {model}")
        self.roster = roster
        self._templates = np.array([person.template for person in roster.people], np.float32, ndmin=2)
        self._limited = [row for row, person in enumerate(roster.people) if person.from_ or person.until]

    def __len__(self) -> int:
        return len(self.roster.people)

    def search(self, probe: Template, at: datetime) -> Match:
        """Who is likest to a probe of length 1, among those served at the aware moment `at`."""
        if not self.roster.people:
            return Match(None, -1.0, None, Verdict.UNKNOWN)
        scores = self._templates @ probe
        for row in self._limited:
            if not _served(self.roster.people[row], at):
                scores[row] = -np.inf
        best = int(scores.argmax())
        score = float(scores[best])
        if score == -np.inf:
            return Match(None, -1.0, None, Verdict.UNKNOWN)
        scores[best] = -np.inf
        next_best = float(scores.max())
        runner_up = None if next_best == -np.inf else next_best
        return Match(self.roster.people[best].person, score, runner_up, self._judge(score, runner_up))

    def find(self, person: str) -> Enrolled | None:
        """The enrolled person of this id."""
        return next((enrolled for enrolled in self.roster.people if enrolled.person == person), None)

    def _judge(self, score: float, runner_up: float | None) -> Verdict:
        """Uncertain is what a human should look at: a twin within the margin, or a score less than a margin too low."""
        clear = runner_up is None or score - runner_up >= self.roster.margin
        if score >= self.roster.threshold:
            return Verdict.MATCH if clear else Verdict.UNCERTAIN
        return Verdict.UNCERTAIN if score >= self.roster.threshold - self.roster.margin else Verdict.UNKNOWN


def _served(person: Enrolled, at: datetime) -> bool:
    return (person.from_ is None or person.from_ <= at) and (person.until is None or at < person.until)

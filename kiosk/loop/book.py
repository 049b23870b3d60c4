"""Check-ins as they are written: by face with what the comparison gave, by PIN with nothing but the word for it."""

from __future__ import annotations

from kiosk.checkin import Evidence
from kiosk.gallery import Roster
from kiosk.ledger import Entry
from kiosk.loop.journal import Journal
from wire.records import CheckIn, Liveness, MatchScore, Place


class Book:
    """Writes check-ins of one place, and remembers whose record is which for as long as a repeat may ask for it."""

    def __init__(self, journal: Journal, place: Place) -> None:
        self._journal = journal
        self._place = place
        self._entries: dict[str, Entry] = {}

    def by_face(self, person: str, evidence: Evidence, roster: Roster) -> Entry | None:
        """Write that a face was known; None when it is not on disk, and then it never will be."""
        score = MatchScore(
            model=roster.model,
            score=_cosine(evidence.score),
            runner_up=None if evidence.runner_up is None else _cosine(evidence.runner_up),
            frames=evidence.frames,
        )
        return self._write(person, roster.version, score)

    def by_pin(self, person: str, version: int) -> Entry | None:
        """Write that a PIN was right, by the roster of this version; None as for a face."""
        return self._write(person, version, None)

    def entry(self, person: str) -> Entry | None:
        """The person's last record, where it is still remembered."""
        return self._entries.get(person)

    def keep(self, people: frozenset[str]) -> None:
        """Forget the records of everybody else."""
        self._entries = {who: entry for who, entry in self._entries.items() if who in people}

    def _write(self, person: str, version: int, score: MatchScore | None) -> Entry | None:
        body = CheckIn(
            person=person,
            method="pin" if score is None else "face",
            match=score,
            liveness=Liveness(method="none", score=None),
            roster_version=version,
            place=self._place,
            evidence=None,
        )
        entry = self._journal.check_in(body)
        if entry is not None:
            self._entries[person] = entry
        return entry


def _cosine(value: float) -> float:
    """Rounding may bring the product of two unit vectors a hair over one, which the contract refuses."""
    return max(-1.0, min(1.0, value))

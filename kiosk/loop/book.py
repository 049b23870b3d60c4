"""Check-ins as they are written: by face with what the comparison gave, by PIN with nothing but the word for it, and with
either the picture where one is wanted and ready."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from kiosk.checkin import Evidence
from kiosk.evidence.darkroom import Negative
from kiosk.evidence.look import Pictures
from kiosk.gallery import Roster
from kiosk.ledger import Entry
from kiosk.loop.journal import Journal
from wire.records import CheckIn, Event, Liveness, MatchScore, Place


class Book:
    """Writes check-ins of one place, and remembers whose record is which for as long as a repeat may ask for it."""

    def __init__(self, journal: Journal, place: Place, pictures: Pictures | None = None) -> None:
        """`pictures`: of doubtful looks, named by the records that are written; None where none are kept."""
        self._pictures = pictures
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
        picture = None if self._pictures is None else self._pictures.of(person)
        return self._write(person, roster.version, score, picture)

    def by_pin(self, person: str, version: int, now_ns: int) -> Entry | None:
        """Write that a PIN was right, by the roster of this version; None as for a face."""
        return self._write(person, version, None, self._standing(now_ns))

    def failed_pin(self, failure: Mapping[str, JsonValue], now_ns: int) -> None:
        """Write that a PIN was wrong, with the picture of who stood there where the number is somebody's."""
        self._note("pin-failed", failure, self._standing(now_ns) if "person" in failure else None)

    def alike(self) -> None:
        """Write that somebody was sent to the officer, where that was for being as like another person as to the one named."""
        taken = None if self._pictures is None else self._pictures.alike()
        if taken is None:
            return
        match = taken.match
        detail: dict[str, JsonValue] = {"person": match.person, "score": match.score, "runner_up": match.runner_up}
        self._note("look-alike", detail, taken.negative)

    def entry(self, person: str) -> Entry | None:
        """The person's last record, where it is still remembered."""
        return self._entries.get(person)

    def keep(self, people: frozenset[str]) -> None:
        """Forget the records of everybody else."""
        self._entries = {who: entry for who, entry in self._entries.items() if who in people}

    def _standing(self, now_ns: int) -> Negative | None:
        return None if self._pictures is None else self._pictures.standing(now_ns)

    def _note(self, event: str, detail: Mapping[str, JsonValue], picture: Negative | None) -> None:
        named = {} if picture is None or picture.digest is None else {"evidence": picture.digest}
        self._journal.note(Event(event=event, detail={**detail, **named}))
        self._keep(picture)

    def _keep(self, picture: Negative | None) -> None:
        if picture is not None and picture.digest is not None and self._pictures is not None:
            self._pictures.keep(picture)

    def _write(self, person: str, version: int, score: MatchScore | None, picture: Negative | None) -> Entry | None:
        body = CheckIn(
            person=person,
            method="pin" if score is None else "face",
            match=score,
            liveness=Liveness(method="none", score=None),
            roster_version=version,
            place=self._place,
            evidence=None if picture is None else picture.digest,
        )
        entry = self._journal.check_in(body)
        if entry is not None:
            self._entries[person] = entry
            self._keep(picture)
        return entry


def _cosine(value: float) -> float:
    """Rounding may bring the product of two unit vectors a hair over one, which the contract refuses."""
    return max(-1.0, min(1.0, value))

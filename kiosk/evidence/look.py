"""The pictures of whoever is being looked at: begun while frames still agree, so that one is ready when the record is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from firmware.camera import Frame
from kiosk.evidence.crop import face_crop
from kiosk.evidence.darkroom import Darkroom, Negative
from kiosk.evidence.need import Wish, claims, doubtful
from kiosk.gallery import Match, Roster, Verdict
from models.face import Box

ANEW_NS = 2_000_000_000
STALE_NS = 5_000_000_000
"""A PIN that is given so long after the last face was seen has no picture: it would be another person's."""
MOST_A_TRACK = 4
"""Pictures begun of one track: two people who are alike may change places from frame to frame."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture of one track that was taken as of `match.person`."""

    match: Match
    negative: Negative


@dataclass(frozen=True, slots=True)
class _Stood:
    """A picture of whoever stood there, and when (monotonic ns)."""

    track: int
    at_ns: int
    negative: Negative


class Pictures:
    """What is being developed of the present track. `lot`: draws a number from 0 to below 1."""

    def __init__(self, darkroom: Darkroom, wish: Callable[[], Wish], lot: Callable[[], float]) -> None:
        self._darkroom = darkroom
        self._wish = wish
        self._draw = lot
        self._track: int | None = None
        self._drawn = 1.0
        self._taken: dict[str, Taken] = {}
        self._stood: _Stood | None = None

    @property
    def alive(self) -> bool:
        """Whether pictures are still developed."""
        return self._darkroom.alive

    def see(self, frame: Frame, box: Box, track: int | None, match: Match, roster: Roster) -> None:
        """A readable frame of the served face, and what the comparison said. Costs a copy of the face where one is needed."""
        if track != self._track:
            self._track, self._drawn, self._taken = track, self._draw(), {}
        if match.person is None or match.person in self._taken or len(self._taken) >= MOST_A_TRACK:
            return
        by_lot = claims(match) and match.verdict is Verdict.MATCH and self._drawn < self._wish().share
        if by_lot or doubtful(match, roster):
            crop = face_crop(frame.pixels, box)
            if crop is not None:
                self._taken[match.person] = Taken(match, self._darkroom.develop(crop))

    def of(self, person: str) -> Negative | None:
        """The picture that was taken of the present track as of this person, once it is ready."""
        taken = self._taken.get(person)
        return taken.negative if taken is not None and taken.negative.digest is not None else None

    def alike(self) -> Taken | None:
        """The newest picture of the present track that was taken as of one of two who are alike."""
        found = [taken for taken in self._taken.values() if taken.match.verdict is Verdict.UNCERTAIN]
        return found[-1] if found else None

    def stand(self, frame: Frame, box: Box, track: int) -> None:
        """The face that stands before a kiosk where somebody may give a PIN: whose it is nobody can tell. Begun once a track, and
        again every two seconds; it leaves this process only when a PIN claims somebody."""
        stood = self._stood
        if stood is None or track != stood.track or frame.taken_ns - stood.at_ns > ANEW_NS:
            crop = face_crop(frame.pixels, box)
            if crop is not None:
                self._stood = _Stood(track, frame.taken_ns, self._darkroom.develop(crop))

    def standing(self, now_ns: int) -> Negative | None:
        """The picture of who stands there now, once it is ready."""
        stood = self._stood
        ready = stood is not None and stood.negative.digest is not None and now_ns - stood.at_ns < STALE_NS
        return stood.negative if ready and stood is not None else None

    def keep(self, negative: Negative) -> None:
        """A record names this picture."""
        self._darkroom.keep(negative)

"""Counting what the demo did. Pure: from the kiosk's log lines, its records and the centre's, to the figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cli.demo.cast import Player
from cli.demo.stage import Pace

_LINE = re.compile(r"frame (?P<frame>\d+): (?P<outcome>[a-z-]+)(?:, record (?P<seq>\d+))?")
REFUSALS = frozenset({"not-recognised", "see-officer"})


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the kiosk said at a frame: an outcome, and the record's number when it wrote one."""

    frame: int
    outcome: str
    seq: int | None

    @classmethod
    def parse(cls, line: str) -> Announcement | None:
        """Read a line of the kiosk's log; None for any other line."""
        found = _LINE.search(line)
        if not found:
            return None
        return cls(int(found["frame"]), found["outcome"], int(found["seq"]) if found["seq"] else None)


@dataclass(frozen=True, slots=True)
class Showing:
    """A picture in view: who it is, and the number of the showing since the start."""

    player: Player
    number: int


@dataclass(frozen=True, slots=True)
class Programme:
    """Which picture is in view at a frame."""

    shown: Sequence[Player]
    pace: Pace

    def at(self, frame: int) -> Showing:
        """The picture in view at this frame; in the gap after one it still counts as that one."""
        number = frame // (self.pace.hold + self.pace.gap)
        return Showing(self.shown[number % len(self.shown)], number)

    def is_complete(self, said: Sequence[Announcement]) -> bool:
        """Whether everybody was in view since the kiosk first said something: it was serving by then."""
        return bool(said) and self.at(said[-1].frame).number >= self.at(said[0].frame).number + len(self.shown)

    @property
    def round_s(self) -> float:
        """Seconds that one round of all pictures takes."""
        return len(self.shown) * (self.pace.hold + self.pace.gap) / self.pace.fps


@dataclass(frozen=True, slots=True)
class Score:
    """The figures. `wrong`: a record names another person than the one in view; `strangers_accepted`: a stranger was in
    view; `refused`: showings of strangers that were answered with a refusal; `missed`: enrolled and never recorded."""

    recorded: int
    received: int
    wrong: int
    strangers_accepted: int
    refused: int
    lost: int
    missed: int


def score(
    announcements: Iterable[Announcement],
    programme: Programme,
    people: Mapping[int, str],
    received: frozenset[int],
) -> Score:
    """`people`: name of the person on each check-in record, by its number; `received`: numbers the centre has."""
    said = list(announcements)
    greens = [(programme.at(a.frame).player, people[a.seq]) for a in said if a.seq is not None and a.seq in people]
    refused = {programme.at(a.frame) for a in said if a.outcome in REFUSALS}
    right = {name for player, name in greens if player.name == name}
    return Score(
        recorded=len(people),
        received=len(received & people.keys()),
        wrong=sum(not player.stranger and player.name != name for player, name in greens),
        strangers_accepted=sum(player.stranger for player, _ in greens),
        refused=sum(showing.player.stranger for showing in refused),
        lost=len(people.keys() - received),
        missed=len({player.name for player in programme.shown if not player.stranger} - right),
    )

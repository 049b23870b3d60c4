"""What is remembered between two frames; bounded by the number of people enrolled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kiosk.checkin.decision import Outcome, Rules
from kiosk.gallery.match import Match, Verdict


@dataclass(frozen=True, slots=True)
class Shown:
    """The last result: what, about whom, on which track (None: nobody was in view), since when, and whether by PIN."""

    outcome: Outcome
    person: str | None
    track: int | None
    at_ns: int
    by_pin: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the reading of one track has come. `run`: its last readable frames, all naming one person; `tries`,
    `unknown`: readable frames without agreement, and those of them that named nobody; `since_ns`: the first of them."""

    run: tuple[Match, ...] = ()
    tries: int = 0
    unknown: int = 0
    since_ns: int = 0
    hinted_ns: int | None = None


@dataclass(frozen=True, slots=True)
class State:
    """All of it. `recorded`: when each person was last recorded; `track` and `seen_ns`: who is served, last in view."""

    now_ns: int = 0
    track: int | None = None
    seen_ns: int = 0
    reading: Reading = Reading()
    shown: Shown | None = None
    recorded: Mapping[str, int] = field(default_factory=dict)


def read_on(rules: Rules, reading: Reading, match: Match, now_ns: int) -> Reading:
    """The reading with one more readable frame: anything but the same person again breaks the run."""
    goes_on = match.verdict is Verdict.MATCH and (not reading.run or reading.run[-1].person == match.person)
    kept = reading.run if goes_on else ()
    run = (*kept, match)[-rules.agree_frames :] if match.verdict is Verdict.MATCH else ()
    return Reading(
        run,
        reading.tries + 1,
        reading.unknown + (match.verdict is Verdict.UNKNOWN),
        reading.since_ns if reading.tries else now_ns,
    )

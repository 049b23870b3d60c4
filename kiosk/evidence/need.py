"""Which looks need a picture. Pure.

Only where an identity is claimed: never of a face that is like nobody's, for schools have children, and a face that is only
nearly like somebody's claims nothing either.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.gallery.match import Match, Verdict
from kiosk.gallery.roster import Roster

LEADS = 2.0
"""A lead of fewer margins than this is narrow: half of it lost, and the kiosk would have sent the person to the officer."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted beyond doubt. `share`: of the sure matches too, 0 to 1, drawn by lot."""

    share: float = 0.0


def doubtful(match: Match, roster: Roster) -> bool:
    """Whether somebody is named by a hair: a score less than a margin over the threshold, or a narrow lead over the next one.

    A look-alike, over the threshold without the margin, is of this kind; it is not recorded as a check-in.
    """
    if match.person is None or match.score < roster.threshold:
        return False
    narrow = match.runner_up is not None and match.score - match.runner_up < LEADS * roster.margin
    return narrow or match.score < roster.threshold + roster.margin


def claims(match: Match) -> bool:
    """Whether this comparison names somebody, surely or as one of two who are alike."""
    return match.person is not None and match.verdict is not Verdict.UNKNOWN

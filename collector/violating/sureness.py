"""Which matches need no second look, by the embedder that the kiosks compare with: cosines of one mean nothing for another."""

from __future__ import annotations

from collector.rules.violations.stream import Limits
from collector.settings import Rosters
from models import calibration, manifest

LEADS = 2.0
"""Margins of lead over the next person below which a kiosk keeps a picture (kiosk/evidence/need.py): there is something to see."""


def limits_of(rosters: Rosters) -> Limits:
    """The usual limits, with the least cosine and lead of the embedder in use: of a gallery of one, so that no kiosk asks for less.

    Raises models.errors.ModelsError for an embedder that is none.
    """
    least, margin = calibration.threshold(manifest.card(rosters.embedder), rosters.false_accepts, 1)
    return Limits(sure_score=least, sure_margin=LEADS * margin)

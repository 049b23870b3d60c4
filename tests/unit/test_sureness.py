"""A look that the kiosk itself was sure of is nobody's violation, and one with somebody close behind is."""

from __future__ import annotations

import pytest

from collector.settings import Rosters
from collector.violating.sureness import limits_of
from models import calibration, manifest
from models.errors import ModelsError


@pytest.mark.parametrize("embedder", ["dlib", "mobilefacenet"])
def test_no_kiosk_accepts_a_face_that_is_unsure_by_its_score_alone(embedder: str) -> None:
    limits = limits_of(Rosters(embedder=embedder))
    for enrolled in (1, 150, 10_000):
        least, margin = calibration.threshold(manifest.card(embedder), 0.001, enrolled)
        assert limits.sure_score <= least
        assert limits.sure_margin > margin, "a lead that the kiosk just let pass is looked at"


def test_dlibs_cosines_of_strangers_are_not_sure() -> None:
    """The table of docs/models: one comparison in a hundred of two strangers reaches 0.92."""
    assert limits_of(Rosters()).sure_score > 0.92


def test_an_embedder_that_is_none_is_named() -> None:
    with pytest.raises(ModelsError, match="nobody"):
        limits_of(Rosters(embedder="nobody"))

"""The threshold follows the size of the roster and the wanted rate of false accepts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import manifest
from models.calibration import threshold
from models.manifest import Card, Kind
from models.template import mean_template

EMBEDDERS = [card for card in manifest.cards() if card.kind is Kind.EMBEDDER]
rates = st.floats(1e-6, 0.1)
sizes = st.integers(1, 20_000)


@pytest.mark.parametrize("card", EMBEDDERS, ids=lambda card: card.name)
def test_a_row_of_the_table_is_met_exactly(card: Card) -> None:
    for rate, cosine in card.thresholds:
        assert threshold(card, rate, 1)[0] == pytest.approx(cosine)


@given(card=st.sampled_from(EMBEDDERS), far=rates, enrolled=sizes, more=sizes)
def test_more_people_never_lower_the_threshold(card: Card, far: float, enrolled: int, more: int) -> None:
    assert threshold(card, far, enrolled)[0] <= threshold(card, far, enrolled + more)[0]


@given(card=st.sampled_from(EMBEDDERS), far=rates, enrolled=sizes, factor=st.floats(0.01, 1))
def test_fewer_false_accepts_never_lower_the_threshold(card: Card, far: float, enrolled: int, factor: float) -> None:
    assert threshold(card, far, enrolled)[0] <= threshold(card, far * factor, enrolled)[0]


@given(card=st.sampled_from(EMBEDDERS), far=rates, enrolled=sizes)
def test_a_threshold_is_always_a_cosine(card: Card, far: float, enrolled: int) -> None:
    assert -1 <= threshold(card, far, enrolled)[0] <= 1


@pytest.mark.parametrize(("far", "enrolled"), [(0.0, 10), (1.0, 10), (-0.1, 10), (0.001, 0)])
def test_what_cannot_be_asked_is_refused(far: float, enrolled: int) -> None:
    with pytest.raises(ValueError, match="must"):
        threshold(EMBEDDERS[0], far, enrolled)


def test_a_template_is_the_mean_direction() -> None:
    template = mean_template([np.array([1, 0], np.float32), np.array([0, 1], np.float32)])
    assert template == pytest.approx([2**-0.5, 2**-0.5])


def test_no_template_without_pictures_or_of_pictures_that_cancel_out() -> None:
    with pytest.raises(ValueError, match="one vector"):
        mean_template([])
    with pytest.raises(ValueError, match="not of one person"):
        mean_template([np.array([1, 0], np.float32), np.array([-1, 0], np.float32)])

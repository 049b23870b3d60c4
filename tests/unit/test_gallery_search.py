"""The gallery names the likest person who is served, and doubts where it must."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.gallery import Enrolled, Gallery, OtherModelError, Roster, Verdict

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def enrolled(
    person: str, template: np.ndarray, from_: datetime | None = None, until: datetime | None = None
) -> Enrolled:
    return Enrolled(person, person, "unit", True, template, from_, until)


def gallery(*people: Enrolled, threshold: float = 0.9, margin: float = 0.05) -> Gallery:
    return Gallery(Roster(1, "model", threshold, margin, people), "model")


ANA = enrolled("ana", unit(1, 0, 0))
BUDI = enrolled("budi", unit(0, 1, 0))


def test_a_clear_face_is_a_match() -> None:
    match = gallery(ANA, BUDI).search(unit(1, 0.1, 0), NOW)
    assert (match.person, match.verdict) == ("ana", Verdict.MATCH)
    assert match.runner_up == pytest.approx(float(unit(1, 0.1, 0)[1]))


def test_a_stranger_is_unknown_and_the_likest_is_still_named() -> None:
    match = gallery(ANA, BUDI).search(unit(0.3, 0.2, 1), NOW)
    assert (match.person, match.verdict) == ("ana", Verdict.UNKNOWN)


def test_two_who_look_alike_are_uncertain() -> None:
    twin = enrolled("twin", unit(1, 0.01, 0))
    assert gallery(ANA, twin).search(unit(1, 0, 0), NOW).verdict is Verdict.UNCERTAIN


def test_just_under_the_threshold_is_uncertain() -> None:
    probe = unit(0.88, (1 - 0.88**2) ** 0.5, 0)
    assert gallery(ANA).search(probe, NOW).verdict is Verdict.UNCERTAIN


def test_nobody_enrolled_nobody_named() -> None:
    match = gallery().search(unit(1, 0, 0), NOW)
    assert (match.person, match.runner_up, match.verdict) == (None, None, Verdict.UNKNOWN)


@pytest.mark.parametrize(
    ("from_", "until", "served"),
    [
        (None, None, True),
        (NOW, None, True),
        (NOW + HOUR, None, False),
        (None, NOW, False),
        (None, NOW + HOUR, True),
        (NOW - HOUR, NOW + HOUR, True),
    ],
)
def test_a_person_is_served_from_and_until(from_: datetime | None, until: datetime | None, served: bool) -> None:
    limited = enrolled("limited", unit(1, 0, 0), from_, until)
    match = gallery(limited, BUDI).search(unit(1, 0, 0), NOW)
    assert (match.person == "limited") is served
    assert (match.runner_up is None) is not served


def test_when_nobody_is_served_nobody_is_named() -> None:
    assert gallery(enrolled("gone", unit(1, 0, 0), None, NOW)).search(unit(1, 0, 0), NOW).person is None


def test_templates_of_another_model_are_never_compared() -> None:
    with pytest.raises(OtherModelError, match="dlib"):
        Gallery(Roster(7, "dlib", 0.9, 0.05, (ANA,)), "sface")


def test_the_roster_is_not_touched_by_searching() -> None:
    searched = gallery(ANA, BUDI)
    first = searched.search(unit(1, 0, 0), NOW)
    assert searched.search(unit(1, 0, 0), NOW) == first


@settings(deadline=None)
@given(people=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_the_search_finds_what_looking_at_everybody_finds(people: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    templates = rng.normal(size=(people, 16)).astype(np.float32)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    probe = unit(*rng.normal(size=16))
    ranked = sorted(((float(template @ probe), row) for row, template in enumerate(templates)), reverse=True)

    match = gallery(*(enrolled(str(row), template) for row, template in enumerate(templates))).search(probe, NOW)

    assert match.score == pytest.approx(ranked[0][0], abs=1e-5)
    assert (match.runner_up is None) == (people == 1)
    if match.runner_up is not None:
        assert match.runner_up == pytest.approx(ranked[1][0], abs=1e-5)
        assert match.runner_up <= match.score

"""The nearest face is served, the same one from frame to frame, and nobody else is taken for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.vision.track import GAP_NS, LEAD, SLOW_NS, Track, follow
from models.face import Box, Detection

FRAME_NS = 66_000_000


def face(left: float, width: float = 120, top: float = 100) -> Detection:
    return Detection(Box(left, top, width, width), np.zeros((5, 2), np.float32), 1.0)


def run(*frames: list[Detection], step_ns: int = FRAME_NS) -> list[tuple[float | None, int]]:
    """Left edge of the served face and the track's number, frame by frame."""
    track: Track | None = None
    seen: list[tuple[float | None, int]] = []
    for number, faces in enumerate(frames):
        served, track = follow(track, faces, number * step_ns)
        seen.append((served.box.left if served else None, track.number if track else 0))
    return seen


def test_nobody_is_no_track() -> None:
    assert run([], []) == [(None, 0), (None, 0)]


def test_a_face_that_sways_stays_one_track() -> None:
    assert run([face(200)], [face(230)], [face(210)], [face(190)]) == [(200, 1), (230, 1), (210, 1), (190, 1)]


def test_the_widest_of_several_is_served() -> None:
    assert run([face(50, 90), face(300, 180), face(500, 120)]) == [(300, 1)]


def test_two_side_by_side_do_not_flip() -> None:
    wavering = [[face(100, 120 + sign * 6), face(400, 120 - sign * 6)] for sign in (1, -1, 1, -1, 1)]
    assert {left for left, _ in run(*wavering)} == {100}
    assert {number for _, number in run(*wavering)} == {1}


def test_one_who_steps_clearly_in_front_takes_over() -> None:
    assert run([face(100)], [face(100), face(400, 121 * LEAD)]) == [(100, 1), (400, 2)]


def test_one_who_leaves_is_not_followed_to_another_place() -> None:
    assert run([face(100)], [face(400)]) == [(100, 1), (400, 2)]


def test_a_missed_frame_does_not_end_a_track() -> None:
    assert run([face(100)], [], [face(105)]) == [(100, 1), (None, 1), (105, 1)]


def test_the_next_person_in_the_same_place_is_a_new_track() -> None:
    assert run([face(100)], [], [face(100)], step_ns=GAP_NS // 2 + 1)[-1] == (100, 2)


def test_a_board_that_needs_two_seconds_for_a_frame_follows_a_face_all_the_same() -> None:
    assert run([face(100)], [face(110)], [face(105)], step_ns=2_000_000_000)[-1] == (105, 1)


def test_frames_that_stood_still_for_longer_begin_anew() -> None:
    assert run([face(100)], [face(100)], step_ns=SLOW_NS + 1)[-1] == (100, 2)


def test_a_face_of_another_size_in_the_same_place_is_another() -> None:
    assert run([face(100, 200)], [face(140, 110)])[-1][1] == 2


@given(
    frames=st.lists(
        st.lists(st.builds(face, st.floats(0, 600), st.floats(40, 300), st.floats(0, 400)), max_size=4), max_size=25
    )
)
def test_numbers_never_fall_and_the_served_one_is_nearly_the_widest(frames: list[list[Detection]]) -> None:
    track: Track | None = None
    last = 0
    for number, faces in enumerate(frames):
        served, track = follow(track, faces, number * FRAME_NS)
        assert (served is None) == (not faces)
        if served is not None:
            assert served.box.width >= max(one.box.width for one in faces) / LEAD
        if track is not None:
            assert track.number - last in {0, 1}
            last = track.number


@pytest.mark.parametrize("gap", [0, GAP_NS])
def test_within_the_gap_a_track_lives(gap: int) -> None:
    assert run([face(100)], [], [face(100)], step_ns=gap // 2)[-1] == (100, 1)

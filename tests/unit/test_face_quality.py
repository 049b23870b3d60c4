"""A face that cannot be read is told why, in the words of the screen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models import align
from models.face import Box, Detection, Hint, Image, Points
from models.quality import assess


def picture(light: float = 128, contrast: float = 40) -> Image:
    """Fine texture everywhere: sharp whatever is cut out of it."""
    noise = np.random.default_rng(5).normal(light, contrast, (480, 640, 1)).repeat(3, 2)
    return cv2.GaussianBlur(noise, (0, 0), 0.8).clip(0, 255).astype(np.uint8)


def at(width: float = 150, roll: float = 0, turn: float = 0) -> Detection:
    """A face in the middle: ArcFace's five points as wide as asked, tilted, its nose moved by eye distances."""
    scale = width / 88
    points: Points = (align.ARCFACE - 56) * np.float32(scale)
    points[2, 0] += turn * (points[1, 0] - points[0, 0])
    angle = np.radians(roll)
    turned = points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    return Detection(
        Box(320 - width / 2, 240 - width / 2, width, width), turned + np.array([320, 240], np.float32), 1.0
    )


def test_a_good_face_needs_no_hint() -> None:
    quality = assess(picture(), at())
    assert quality.hint is None
    assert quality.width_px == pytest.approx(150, rel=0.02)
    assert quality.light == pytest.approx(128, abs=5)
    assert quality.yaw == pytest.approx(0, abs=3)
    assert quality.roll == pytest.approx(0, abs=1)


@pytest.mark.parametrize(
    ("image", "face", "hint"),
    [
        (picture(), at(width=60), Hint.CLOSER),
        (picture(light=15, contrast=5), at(), Hint.TOO_DARK),
        (picture(light=250, contrast=5), at(), Hint.TOO_BRIGHT),
        (picture(), at(turn=0.4), Hint.LOOK_HERE),
        (picture(), at(turn=-0.4), Hint.LOOK_HERE),
        (picture(), at(roll=35), Hint.LOOK_HERE),
        (cv2.GaussianBlur(picture(), (0, 0), 6), at(), Hint.HOLD_STILL),
    ],
    ids=["small", "dark", "bright", "turned left", "turned right", "tilted", "blurred"],
)
def test_what_must_be_mended_is_said(image: Image, face: Detection, hint: Hint) -> None:
    assert assess(image, face).hint is hint


def test_nearer_comes_before_anything_else() -> None:
    assert assess(picture(light=15, contrast=5), at(width=60, turn=0.4)).hint is Hint.CLOSER


def test_poor_light_is_not_taken_for_a_moving_face() -> None:
    bright, dim = picture(light=160, contrast=20), picture(light=80, contrast=10)
    assert assess(dim, at()).sharpness == pytest.approx(assess(bright, at()).sharpness, rel=0.1)


def test_a_face_at_the_edge_of_the_picture_is_measured_too() -> None:
    edge = at()
    moved = Detection(edge.box, edge.points - np.array([320, 240], np.float32), 1.0)
    assert np.isfinite(assess(picture(), moved).sharpness)


@pytest.mark.parametrize("degrees", [-20, -5, 0, 10, 20])
def test_tilt_is_measured_in_degrees(degrees: float) -> None:
    assert assess(picture(), at(roll=degrees)).roll == pytest.approx(degrees, abs=1)


def test_a_similarity_brings_points_back_where_they_were() -> None:
    rng = np.random.default_rng(2)
    angle, scale, shift = 0.4, 2.3, np.array([12.0, -7.0])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    source = rng.uniform(0, 100, (5, 2))
    found = align.similarity(source, source @ turn.T + shift)
    assert found == pytest.approx(np.column_stack([turn, shift]), abs=1e-4)


def test_the_square_for_the_landmarks_lies_round_the_points() -> None:
    square = align.hog_square(align.ARCFACE * np.float32(2))
    assert (square.width, square.left + square.width / 2) == (pytest.approx(176, abs=1), pytest.approx(114.6, abs=1))

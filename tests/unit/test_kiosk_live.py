import threading

import cv2
import numpy as np
import pytest

from firmware.camera.frame import Frame
from kiosk.loop.live import LivePicture, encode
from kiosk.screen import Picture
from models.face import Box


def decoded(picture: Picture) -> np.ndarray:
    found = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return found


def test_the_picture_is_mirrored_and_small_and_the_box_with_it() -> None:
    pixels = np.zeros((720, 1280, 3), np.uint8)
    pixels[:, :320] = 255  # bright on the left
    picture = encode(pixels, Box(0, 72, 128, 144))
    shown = decoded(picture)
    assert (picture.width, picture.height) == (480, 270) == shown.shape[1::-1]
    assert shown[:, -100:].mean() > 200
    assert shown[:, :100].mean() < 50
    assert picture.served == Box(432, 27, 48, 54)


def test_a_small_frame_is_not_blown_up() -> None:
    assert encode(np.zeros((240, 320, 3), np.uint8), None).width == 320


def test_a_frame_that_cannot_be_shown_is_logged_once_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    shown: list[Picture] = []
    live = LivePicture(shown.append)
    for rows in (0, 0, 50, 0):
        live._encode(Frame(np.zeros((rows, 640, 3), np.uint8), 0, rows), None)
    assert live.alive
    live.close()
    assert len(shown) == 1
    assert caplog.text.count("cannot be shown") == 2


def test_the_newest_frame_is_shown_and_offering_never_waits() -> None:
    shown: list[Picture] = []
    seen, go_on = threading.Event(), threading.Event()

    def show(picture: Picture) -> None:
        shown.append(picture)
        seen.set()
        go_on.wait(5)

    live = LivePicture(show)
    for width in (100, 200, 300):
        live.offer(Frame(np.zeros((50, width, 3), np.uint8), 0, width), None)
        if width == 100:
            assert seen.wait(5)
            seen.clear()
    go_on.set()
    assert seen.wait(5)
    live.close()
    live.close()
    assert [picture.width for picture in shown] == [100, 300]

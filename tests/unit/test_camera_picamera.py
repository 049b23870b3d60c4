"""The Pi camera's driver against what picamera2 promises; the real library runs in tests/e2e/test_provisioning.py."""

import sys
import time
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from firmware.camera.picamera import MOST_FPS, PicameraSource
from firmware.errors import CameraMissing, CameraStalled

SIZE = WIDTH, HEIGHT = 32, 16
STRIDE = 64


class Request:
    released = 0

    def make_buffer(self, name: str) -> np.ndarray:
        assert name == "main"
        return np.full(STRIDE * HEIGHT * 3 // 2, 128, np.uint8)

    def release(self) -> None:
        Request.released += 1


class Picamera2:
    """Gives NV12 with padding whatever was asked, as libcamera may."""

    trouble: Exception | None = None
    start_trouble: Exception | None = None

    def __init__(self, number: int) -> None:
        if number > 0:
            raise IndexError("list index out of range")
        self.calls: list[str] = []

    def create_video_configuration(self, **wish: Any) -> dict[str, Any]:
        return wish

    def configure(self, wish: dict[str, Any]) -> None:
        assert wish["main"] == {"size": (640, 480), "format": "RGB888"}

    def camera_configuration(self) -> dict[str, Any]:
        return {"main": {"format": "NV12", "size": SIZE, "stride": STRIDE}}

    def start(self) -> None:
        if self.start_trouble:
            raise self.start_trouble

    def capture_request(self, wait: float) -> Request:
        assert wait == 2.0
        if self.trouble:
            raise self.trouble
        return Request()

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> type[Picamera2]:
    module = ModuleType("picamera2")
    fresh = type("Picamera2", (Picamera2,), {})
    module.Picamera2 = fresh  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return fresh


def test_what_was_given_is_read_back_and_converted() -> None:
    before = Request.released
    source = PicameraSource("0", 640, 480)
    frame = source.next()
    source.close()
    assert frame.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(frame.astype(int) - 130).max() < 3  # grey: full-range luma 128
    assert Request.released == before + 1
    assert source._camera.calls == ["stop", "close"]


def test_a_frame_that_does_not_come_is_a_stall(library: type[Picamera2]) -> None:
    source = PicameraSource("0", 640, 480)
    library.trouble = TimeoutError()
    with pytest.raises(CameraStalled, match=r"2\.0 s"):
        source.next()


def test_a_camera_that_vanishes_is_missing(library: type[Picamera2]) -> None:
    source = PicameraSource("0", 640, 480)
    library.trouble = RuntimeError("Camera has been unplugged")
    with pytest.raises(CameraMissing, match="ribbon"):
        source.next()


@pytest.mark.parametrize("place", ["3", "front"])
def test_a_number_without_a_camera_is_missing(place: str) -> None:
    with pytest.raises(CameraMissing, match=f"picamera2:{place}"):
        PicameraSource(place, 640, 480)


def test_a_camera_in_use_is_missing_and_given_back(library: type[Picamera2]) -> None:
    library.start_trouble = RuntimeError("Device or resource busy")
    with pytest.raises(CameraMissing, match="another program"):
        PicameraSource("0", 640, 480)


def test_a_camera_without_a_pace_of_its_own_is_not_run_after() -> None:
    source = PicameraSource("0", 640, 480)
    source.next()
    began = time.monotonic()
    for _ in range(13):
        source.next()
    assert time.monotonic() - began > 11 / MOST_FPS

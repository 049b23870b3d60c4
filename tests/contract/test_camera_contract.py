"""What every camera promises, run on each driver that runs here."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from firmware.camera import Camera, Frame, Pixels, open_camera
from firmware.camera.source import empty
from firmware.errors import CameraError, CameraMissing, CameraStalled

SIZE = WIDTH, HEIGHT = 320, 240
LIMIT_S = 10


def until(condition: Callable[[], object], what: str) -> object:
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
    pytest.fail(f"not within {LIMIT_S} s: {what}")


def frame_of(camera: Camera) -> Frame:
    found = until(lambda: quiet_read(camera), "a frame")
    assert isinstance(found, Frame)
    return found


def quiet_read(camera: Camera) -> Frame | None:
    try:
        return camera.read(0.05)
    except CameraError:
        return None


def error_of(camera: Camera) -> CameraError:
    def read() -> CameraError | None:
        try:
            camera.read(0.02)
        except CameraError as error:
            return error
        return None

    found = until(read, "an error")
    assert isinstance(found, CameraError)
    return found


def write_pictures(folder: Path, values: list[int], shape: tuple[int, int] = (HEIGHT, WIDTH)) -> None:
    folder.mkdir(exist_ok=True)
    for number, value in enumerate(values):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((*shape, 3), value, dtype=np.uint8))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.avi", 50)


def write_clip(path: Path, rate: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, (160, 120))
    for value in range(20, 220, 20):
        writer.write(np.full((120, 160, 3), value, dtype=np.uint8))
    writer.release()
    return path


@pytest.fixture(params=["file", "frames"])
def camera(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Camera]:
    if request.param == "file":
        address = f"file:{request.getfixturevalue('clip')}"
    else:
        write_pictures(tmp_path / "pictures", [50, 100, 150], (300, 200))
        address = f"frames:{tmp_path / 'pictures'}?fps=50"
    camera = open_camera(address, *SIZE, stall_s=1.0)
    yield camera
    camera.close()


def test_frames_have_the_asked_size_and_layout(camera: Camera) -> None:
    pixels = frame_of(camera).pixels
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous


def test_numbers_and_moments_only_rise_and_no_frame_comes_twice(camera: Camera) -> None:
    frames = [frame_of(camera) for _ in range(8)]
    assert [f.number for f in frames] == sorted({f.number for f in frames})
    assert [f.taken_ns for f in frames] == sorted({f.taken_ns for f in frames})


def test_the_newest_frame_wins(camera: Camera) -> None:
    first = frame_of(camera)
    until(lambda: camera._slot is not None and camera._slot.number > first.number + 3, "more frames")
    assert frame_of(camera).number > first.number + 3


def test_it_begins_again_at_its_end(camera: Camera) -> None:
    until(lambda: frame_of(camera).number > 25, "more frames than the source holds")


def test_closing_twice_is_fine_and_reading_after_it_is_an_error(camera: Camera) -> None:
    frame_of(camera)
    camera.close()
    camera.close()
    assert isinstance(error_of(camera), CameraMissing)


def test_a_clip_plays_at_its_own_rate(tmp_path: Path) -> None:
    rate = 10  # slow enough for a machine with other work to keep up with
    camera = open_camera(f"file:{write_clip(tmp_path / 'slow.avi', rate)}", *SIZE, stall_s=1.0)
    first = frame_of(camera)
    last = first
    while last.number < first.number + 12:
        last = frame_of(camera)
    camera.close()
    assert (last.number - first.number) / ((last.taken_ns - first.taken_ns) / 1e9) == pytest.approx(rate, rel=0.2)


def test_pictures_hold_and_leave_gaps_and_end_with_nobody_in_view(tmp_path: Path) -> None:
    write_pictures(tmp_path / "p", [10, 200])
    camera = open_camera(f"frames:{tmp_path / 'p'}?fps=60&loop=0&hold=3&gap=2", *SIZE, stall_s=1.0)
    values: dict[int, int] = {}
    while max(values, default=0) < 14:
        frame = frame_of(camera)
        values[frame.number] = int(frame.pixels[0, 0, 0])
    camera.close()
    grey = int(empty(1, 1)[0, 0, 0])
    expected = dict(enumerate([10] * 3 + [grey] * 2 + [200] * 3 + [grey] * 7))
    assert values.items() <= {**expected, **dict.fromkeys(range(15, 40), grey)}.items()


def test_an_unreadable_picture_is_skipped_and_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_pictures(tmp_path / "p", [10, 200])
    (tmp_path / "p" / "00broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (tmp_path / "p" / "0empty.png").touch()
    with caplog.at_level(logging.WARNING):
        camera = open_camera(f"frames:{tmp_path / 'p'}?fps=100", *SIZE, stall_s=1.0)
        until(lambda: frame_of(camera).number > 10, "some rounds")
        camera.close()
    assert sum("00broken.jpg" in message for message in caplog.messages) == 1
    assert sum("0empty.png" in message for message in caplog.messages) == 1


@pytest.mark.parametrize(
    "address", ["frames:{}/missing", "frames:{}", "file:{}/no.mp4", "v4l2:{}/video9", "v4l2:99", "picamera2:0"]
)
def test_a_missing_camera_is_named_at_once(address: str, tmp_path: Path) -> None:
    if "picamera2" in sys.modules:
        pytest.skip("picamera2 is here")
    camera = open_camera(address.format(tmp_path), *SIZE, stall_s=1.0)
    error = error_of(camera)
    camera.close()
    assert isinstance(error, CameraMissing)
    assert address.partition(":")[0] in str(error)


def test_a_device_that_is_no_camera_is_missing() -> None:
    camera = open_camera("v4l2:/dev/null", *SIZE, stall_s=1.0)
    error = error_of(camera)
    camera.close()
    assert isinstance(error, CameraMissing)


def test_picamera2_is_not_imported_by_other_drivers(camera: Camera) -> None:
    frame_of(camera)
    assert "picamera2" not in sys.modules


def test_a_vanished_folder_is_noticed_and_its_return_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_pictures(tmp_path / "p", [10])
    with caplog.at_level(logging.WARNING):
        camera = open_camera(f"frames:{tmp_path / 'p'}?fps=60", *SIZE, stall_s=1.0)
        before = frame_of(camera).number
        (tmp_path / "p").rename(tmp_path / "away")
        assert isinstance(error_of(camera), CameraMissing)
        (tmp_path / "away").rename(tmp_path / "p")
        assert frame_of(camera).number > before
        camera.close()
    assert sum("camera lost" in message for message in caplog.messages) == 1
    assert sum("camera back after" in message for message in caplog.messages) == 1


def test_a_pipe_that_gives_nothing_stalls_and_stops_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "clip.avi")
    began = time.monotonic()
    camera = open_camera(f"file:{tmp_path / 'clip.avi'}", *SIZE, stall_s=0.5)
    assert isinstance(error_of(camera), CameraStalled)
    camera.close()
    assert time.monotonic() - began < 3
    os.close(os.open(tmp_path / "clip.avi", os.O_WRONLY | os.O_NONBLOCK))  # let the reader go


class Hanging:
    """A driver whose native call does not come back before it is let go."""

    def __init__(self, good: int, release: threading.Event) -> None:
        self.good, self.release, self.closed = good, release, False

    def next(self) -> Pixels:
        if self.good <= 0:
            self.release.wait()
        self.good -= 1
        return empty(*SIZE)

    def close(self) -> None:
        self.closed = True


def test_a_driver_that_hangs_is_left_behind_and_another_one_opened() -> None:
    release = threading.Event()
    opened: list[Hanging] = []

    def open_source() -> Hanging:
        opened.append(Hanging(1 if len(opened) < 2 else 10**6, release))
        return opened[-1]

    camera = Camera(open_source, stall_s=0.2, hang_s=0.4)
    assert frame_of(camera).number == 0
    assert isinstance(error_of(camera), CameraStalled)
    until(lambda: quiet_read(camera) and len(opened) == 3, "the third driver's frames")
    release.set()
    until(lambda: opened[0].closed and opened[1].closed, "the hung drivers closed")
    assert frame_of(camera).number > 2
    camera.close()


def test_a_camera_that_always_hangs_gathers_no_threads() -> None:
    release = threading.Event()
    camera = Camera(lambda: Hanging(0, release), stall_s=0.05, hang_s=0.05)
    until(lambda: not quiet_read(camera) and len(camera._readers) == 4, "the most readers")
    assert isinstance(error_of(camera), CameraStalled)
    assert len(camera._readers) == 4
    release.set()
    camera.close()

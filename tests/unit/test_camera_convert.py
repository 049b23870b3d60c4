import cv2
import numpy as np
import pytest

from firmware.camera.convert import to_bgr
from firmware.errors import CameraError

SIZE = WIDTH, HEIGHT = 64, 48


def picture() -> np.ndarray:
    """Colours that differ in every channel and corner, smooth enough for halved chroma."""
    x, y = np.meshgrid(np.linspace(0, 255, WIDTH), np.linspace(0, 255, HEIGHT))
    return np.dstack([x, y, 255 - x]).astype(np.uint8)


def padded(rows: np.ndarray, stride: int) -> np.ndarray:
    out = np.full((rows.shape[0], stride), 0xEE, dtype=np.uint8)
    out[:, : rows.shape[1]] = rows
    return out.ravel()


def packed(bgr: np.ndarray, order: list[int], stride: int) -> np.ndarray:
    with_unused = np.dstack([bgr, np.full(bgr.shape[:2], 7, dtype=np.uint8)])
    return padded(with_unused[..., order].reshape(HEIGHT, -1), stride)


@pytest.mark.parametrize("padding", [0, 64])
@pytest.mark.parametrize(
    ("name", "order"),
    [("RGB888", [0, 1, 2]), ("BGR888", [2, 1, 0]), ("XRGB8888", [0, 1, 2, 3]), ("XBGR8888", [2, 1, 0, 3])],
)
def test_packed_formats_come_back_exactly_without_their_padding(name: str, order: list[int], padding: int) -> None:
    stride = WIDTH * len(order) + padding
    found = to_bgr(packed(picture(), order, stride), name, SIZE, stride)
    np.testing.assert_array_equal(found, picture())
    assert found.flags.c_contiguous


@pytest.mark.parametrize("padding", [0, 32])
def test_planar_yuv_comes_back_nearly_exactly(padding: int) -> None:
    planes = cv2.cvtColor(picture(), cv2.COLOR_BGR2YUV_I420)
    stride = WIDTH + padding
    chroma = planes[HEIGHT:].reshape(HEIGHT, WIDTH // 2)
    buffer = np.concatenate([padded(planes[:HEIGHT], stride), padded(chroma, stride // 2)])
    found = to_bgr(buffer, "YUV420", SIZE, stride).astype(int)
    assert np.abs(found - picture()).mean() < 3


@pytest.mark.parametrize("padding", [0, 32])
def test_nv12_comes_back_nearly_exactly(padding: int) -> None:
    planes = cv2.cvtColor(picture(), cv2.COLOR_BGR2YUV_I420)
    half = HEIGHT // 2 * (WIDTH // 2)
    chroma = planes[HEIGHT:].ravel()
    pairs = np.dstack([chroma[:half], chroma[half:]]).reshape(HEIGHT // 2, WIDTH)
    stride = WIDTH + padding
    buffer = padded(np.vstack([planes[:HEIGHT], pairs]), stride)
    found = to_bgr(buffer, "NV12", SIZE, stride).astype(int)
    assert np.abs(found - picture()).mean() < 3


def test_the_frame_outlives_the_buffer() -> None:
    buffer = packed(picture(), [0, 1, 2], WIDTH * 3)
    found = to_bgr(buffer, "RGB888", SIZE, WIDTH * 3)
    buffer[:] = 0
    np.testing.assert_array_equal(found, picture())


@pytest.mark.parametrize("name", ["RGB888", "XBGR8888", "NV12", "YUV420"])
def test_a_short_buffer_is_an_error_not_a_crash(name: str) -> None:
    whole = {"RGB888": WIDTH * HEIGHT * 3, "XBGR8888": WIDTH * HEIGHT * 4}.get(name, WIDTH * HEIGHT * 3 // 2)
    stride = whole // HEIGHT if name in ("RGB888", "XBGR8888") else WIDTH
    with pytest.raises(CameraError, match="too short"):
        to_bgr(np.zeros(whole - 1, dtype=np.uint8), name, SIZE, stride)


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(CameraError, match="MJPEG"):
        to_bgr(np.zeros(10, dtype=np.uint8), "MJPEG", SIZE, WIDTH)

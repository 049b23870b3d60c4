"""From what a camera delivers to blue-green-red pixels. Pure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware.camera.frame import Pixels
from firmware.errors import CameraError

Buffer = NDArray[np.uint8]

BYTES_A_PIXEL = {"RGB888": 3, "BGR888": 3, "XRGB8888": 4, "XBGR8888": 4}
"""Packed formats. libcamera names them as a little-endian number: the last letter is the first byte in memory,
so RGB888 is already blue-green-red and XBGR8888 is red-green-blue-unused."""

FORMATS = ("NV12", "YUV420", *BYTES_A_PIXEL)


def to_bgr(buffer: Buffer, format_: str, size: tuple[int, int], stride: int) -> Pixels:
    """Pixels (height, width, 3) of one captured buffer, without its padding; a copy, safe after the buffer is given back.

    `buffer`: the bytes, one dimension; `size`: width, height in pixels; `stride`: bytes from one row to the next of the
    first plane (half of it in the chroma planes of YUV420). Raises CameraError for an unknown format or a short buffer.
    """
    if format_ not in FORMATS:
        raise CameraError(f"camera delivers {format_}, known are {', '.join(FORMATS)}; ask it for RGB888 or NV12")
    width, height = size
    buffer = np.ascontiguousarray(buffer).reshape(-1)
    if format_ in BYTES_A_PIXEL:
        return _packed(_rows(buffer, height, stride, width * BYTES_A_PIXEL[format_]), format_, width, height)
    if width % 2 or height % 2:
        raise CameraError(f"camera delivers {format_} of odd size {width}x{height}; ask it for an even one")
    return (_nv12 if format_ == "NV12" else _yuv420)(buffer, width, height, stride)


def _nv12(buffer: Buffer, width: int, height: int, stride: int) -> Pixels:
    planes = _rows(buffer, height + height // 2, stride, width)
    return _pixels(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_NV12))


def _yuv420(buffer: Buffer, width: int, height: int, stride: int) -> Pixels:
    luma = _rows(buffer, height, stride, width)
    chroma = _rows(buffer[stride * height :], height, stride // 2, width // 2)
    planes = np.concatenate([luma.ravel(), chroma.ravel()]).reshape(height + height // 2, width)
    return _pixels(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420))


def _packed(rows: Buffer, format_: str, width: int, height: int) -> Pixels:
    pixels = rows.reshape(height, width, BYTES_A_PIXEL[format_])
    if format_ == "RGB888":
        return pixels
    codes = {"BGR888": cv2.COLOR_RGB2BGR, "XRGB8888": cv2.COLOR_BGRA2BGR, "XBGR8888": cv2.COLOR_RGBA2BGR}
    return _pixels(cv2.cvtColor(pixels, codes[format_]))


def _rows(buffer: Buffer, rows: int, stride: int, used: int) -> Buffer:
    """A copy of the used bytes of each row; the last row may come without its padding."""
    if stride < used or buffer.size < (rows - 1) * stride + used:
        raise CameraError(f"camera buffer of {buffer.size} bytes is too short for {rows} rows, {stride} bytes apart")
    strided = np.lib.stride_tricks.as_strided(buffer, shape=(rows, used), strides=(stride, 1), writeable=False)
    return strided.copy()


def _pixels(image: object) -> Pixels:
    return np.asarray(image, dtype=np.uint8)

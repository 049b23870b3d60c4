"""Cameras, real and simulated, behind one seam."""

from __future__ import annotations

from collections.abc import Callable

from firmware.camera.address import Address, parse_address
from firmware.camera.camera import Camera
from firmware.camera.frame import Frame, Pixels
from firmware.camera.source import Source

__all__ = ["Address", "Camera", "Frame", "Pixels", "Source", "open_camera", "parse_address"]


def open_camera(address: str, width: int, height: int, stall_s: float) -> Camera:
    """A camera that is being opened: its `read` tells whether there is a picture, and it comes back by itself.

    `width`, `height`: pixels asked for (a file and a folder keep them exactly); `stall_s`: without a frame for so long
    the camera counts as stalled. Raises AddressError.
    """
    return Camera(_opener(parse_address(address), width, height), stall_s)


def _opener(address: Address, width: int, height: int) -> Callable[[], Source]:
    place, options = address.place, address.options

    def source() -> Source:
        if address.driver == "picamera2":
            from firmware.camera.picamera import PicameraSource  # noqa: PLC0415 - each driver only when chosen

            return PicameraSource(place, width, height)
        if address.driver == "v4l2":
            from firmware.camera.v4l2 import V4l2Source  # noqa: PLC0415

            return V4l2Source(place, width, height)
        if address.driver == "file":
            from firmware.camera.video import VideoSource  # noqa: PLC0415

            return VideoSource(place, bool(options["loop"]), width, height)
        from firmware.camera.frames import FramesSource  # noqa: PLC0415

        return FramesSource(place, options, width, height)

    return source

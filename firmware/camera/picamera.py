"""The Raspberry Pi's camera through picamera2, which is imported only when this driver is chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from firmware.camera.convert import to_bgr
from firmware.camera.frame import Pixels
from firmware.camera.source import Pace
from firmware.errors import CameraMissing, CameraStalled

WAIT_S = 2.0
MOST_FPS = 60
"""No more frames a second are taken and converted, however many there are: where no sensor sets the pace, libcamera gives
thousands. Twice a sensor's usual rate, so that of a sensor's frames none waits."""


class PicameraSource:
    """Camera number `place`. What is asked for is a wish: format, size and stride are read back after configuring."""

    def __init__(self, place: str, width: int, height: int) -> None:
        self._camera = _open(place)
        try:
            wish = {"size": (width, height), "format": "RGB888"}
            self._camera.configure(self._camera.create_video_configuration(main=wish, raw=None, buffer_count=4))
            self._camera.start()
            given = self._camera.camera_configuration()["main"]
        except Exception as error:  # picamera2 raises RuntimeError, but also whatever its bindings do
            self._camera.close()
            raise CameraMissing(
                f"picamera2:{place} cannot be started ({error}); is another program using it?"
            ) from error
        self._place = place
        self._format = str(given["format"])
        self._size = tuple(given["size"])
        self._stride = int(given["stride"])
        self._pace = Pace(MOST_FPS)

    def next(self) -> Pixels:
        """The next frame. Raises CameraStalled after two seconds without one, CameraMissing when the camera is gone."""
        self._pace.wait()
        try:
            request = self._camera.capture_request(wait=WAIT_S)
        except TimeoutError as error:
            raise CameraStalled(f"picamera2:{self._place} gave no frame for {WAIT_S} s") from error
        except Exception as error:
            raise CameraMissing(f"picamera2:{self._place} is gone ({error}); check the ribbon cable") from error
        try:
            buffer = np.asarray(request.make_buffer("main"), dtype=np.uint8)
            return to_bgr(buffer, self._format, self._size, self._stride)
        finally:
            request.release()

    def close(self) -> None:
        """Stop the camera and give it back."""
        try:
            self._camera.stop()
        finally:
            self._camera.close()


def _open(place: str) -> Any:
    try:
        from picamera2 import Picamera2  # noqa: PLC0415 - apt's package, there only on a Raspberry Pi
    except ImportError as error:
        raise CameraMissing(f"picamera2 cannot be imported ({error}); `apt install python3-picamera2`") from error
    try:
        return Picamera2(int(place))
    except Exception as error:  # IndexError for no such number, RuntimeError for one in use, ValueError for no number
        raise CameraMissing(f"picamera2:{place} cannot be opened ({error}); check number and cable") from error

"""What every process of the kiosk does when it starts: log to standard error, and stop cleanly when asked."""

from __future__ import annotations

import faulthandler
import logging
import signal
import sys
import threading
from types import FrameType


def set_up_logging() -> None:
    """Messages to standard error, where the service manager takes them and adds the time.

    A crash of native code (SQLite, OpenCV, dlib, ONNX Runtime) writes every thread's stack there, too.
    """
    faulthandler.enable()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
    return stop

"""A camera as the kiosk sees it: the newest frame, or why there is none. It comes back by itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from firmware.camera.frame import Frame, Pixels
from firmware.camera.source import Source
from firmware.clock import monotonic_ns
from firmware.errors import CameraError, CameraMissing, CameraStalled

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
CLOSE_LIMIT_S = 1.0
HANG_S = 10.0
"""A driver that does not return for so long hangs; opening a camera honestly takes up to a few seconds."""
MOST_READERS = 4
"""Readers left hanging, and the one at work: each holds a thread and perhaps a device handle."""


class Camera:
    """Newest frame wins: a reader thread overwrites one slot, nothing is queued.

    A driver that fails is opened again with back-off; one that hangs in native code is left behind (its thread is a
    daemon) and another is opened, so neither needs a restart of the process. Loss and return are logged once each.
    """

    def __init__(self, open_source: Callable[[], Source], stall_s: float, hang_s: float = HANG_S) -> None:
        self._open_source = open_source
        self._stall_ns, self._hang_ns = int(stall_s * 1e9), int(hang_s * 1e9)
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._slot: Frame | None = None
        self._error: CameraError | None = None
        self._number = 0
        self._last_ns = monotonic_ns()
        self._busy_ns: int | None = None
        self._readers: list[threading.Thread] = []
        self._start_reader()

    def read(self, timeout_s: float) -> Frame | None:
        """The newest frame never given before; None when none came within `timeout_s`.

        Raises CameraMissing or CameraStalled while there is no picture; the camera goes on trying, so call again.
        """
        with self._changed:
            if self._slot is None:
                self._changed.wait(timeout_s)
            frame, self._slot = self._slot, None
            if frame is not None:
                return frame
            self._notice(monotonic_ns())
            if self._error is not None:
                raise self._error
            return None

    def close(self) -> None:
        """Stop reading; a reader that hangs is left behind. Twice is fine."""
        self._closed.set()
        for reader in self._readers:
            reader.join(CLOSE_LIMIT_S)

    def _notice(self, now_ns: int) -> None:
        if self._closed.is_set():
            self._error = CameraMissing("the camera is closed")
            return
        if self._error is None and now_ns - self._last_ns > self._stall_ns:
            self._lose(CameraStalled(f"the camera gave no frame for {self._stall_ns / 1e9:.1f} s"))
        if self._busy_ns is not None and now_ns - self._busy_ns > self._hang_ns:
            self._readers = [reader for reader in self._readers if reader.is_alive()]
            if len(self._readers) < MOST_READERS:
                self._start_reader()

    def _start_reader(self) -> None:
        self._busy_ns = monotonic_ns()
        reader = threading.Thread(target=self._work, name="camera", daemon=True)
        self._readers.append(reader)
        reader.start()

    def _current(self) -> bool:
        return not self._closed.is_set() and threading.current_thread() is self._readers[-1]

    def _work(self) -> None:
        pause_s = FIRST_PAUSE_S
        while self._current():
            before = self._number
            try:
                self._stream()
            except CameraError as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001 - whatever a driver raises, the camera must come back
                self._fail(CameraMissing(f"the camera's driver failed: {type(error).__name__}: {error}"))
            pause_s = FIRST_PAUSE_S if self._number > before else min(2 * pause_s, LONGEST_PAUSE_S)
            self._closed.wait(pause_s)

    def _stream(self) -> None:
        self._busy()
        source = self._open_source()
        try:
            while self._current():
                self._busy()
                self._put(source.next())
        finally:
            source.close()

    def _busy(self) -> None:
        with self._changed:
            if self._current():
                self._busy_ns = monotonic_ns()

    def _put(self, pixels: Pixels) -> None:
        with self._changed:
            if not self._current():
                return
            now_ns = monotonic_ns()
            self._slot = Frame(pixels, now_ns, self._number)
            self._number += 1
            if self._error is not None:
                log.warning("camera back after %.1f s", (now_ns - self._last_ns) / 1e9)
                self._error = None
            self._last_ns = now_ns
            self._changed.notify_all()

    def _fail(self, error: CameraError) -> None:
        with self._changed:
            if not self._current():
                return
            self._busy_ns = None
            if self._error is None:
                self._lose(error)
            self._error = error
            self._changed.notify_all()

    def _lose(self, error: CameraError) -> None:
        self._error = error
        log.warning("camera lost: %s", error)

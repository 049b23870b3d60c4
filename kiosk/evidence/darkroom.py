"""Developing pictures beside the loop: pressed, encrypted to the centre, sealed as the record will be, and kept once a record names
them. Nobody waits for it: a picture that is not ready when its record is written is not named, and never leaves this process."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

import cv2

from firmware.camera import Pixels
from kiosk.evidence.album import Album
from kiosk.evidence.crop import jpeg
from wire.seals import digest

log = logging.getLogger(__name__)

MOST_WAITING = 8
CLOSE_LIMIT_S = 2.0
TEND_S = 2.0


class Negative:
    """A picture on its way. `digest`: of the sealed text that a record may name; None until it is ready, or for ever."""

    def __init__(self, crop: Pixels | None) -> None:
        self.digest: str | None = None
        self._crop = crop
        self._sealed: str | None = None

    def develop(self, seal: Callable[[bytes], str | None]) -> None:
        """Make it ready; nothing where it cannot be made small, or there is no key yet."""
        crop, self._crop = self._crop, None
        pressed = None if crop is None else jpeg(crop)
        self._sealed = None if pressed is None else seal(pressed)
        self.digest = None if self._sealed is None else digest(self._sealed)

    def print_to(self, album: Album) -> bool:
        """Put it on the disk; False where there is no room. Raises OSError."""
        return self.digest is not None and self._sealed is not None and album.keep(self.digest, self._sealed)


class Darkroom:
    """One thread, the only one that writes pictures. `kept`, `dropped`: how many it put on the disk, and could not."""

    def __init__(self, seal: Callable[[bytes], str | None], album: Album, tend: Callable[[], None]) -> None:
        """`tend`: called while there is nothing to develop, at most every two seconds."""
        self._seal = seal
        self._album = album
        self._tend = tend
        self.kept = self.dropped = 0
        self._work: queue.Queue[tuple[Negative, bool] | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="darkroom", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    def develop(self, crop: Pixels) -> Negative:
        """Begin with a picture; returns at once. Where too many wait it never becomes ready."""
        negative = Negative(crop)
        self._put(negative, keep=False)
        return negative

    def keep(self, negative: Negative) -> None:
        """A record on the disk names this one: put it beside; returns at once."""
        if not self._put(negative, keep=True):
            self.dropped += 1

    def close(self) -> None:
        """Finish what is waiting, within two seconds, and stop; twice is fine."""
        if self._thread.is_alive():
            try:
                self._work.put(None, timeout=CLOSE_LIMIT_S)
            except queue.Full:
                return
            self._thread.join(CLOSE_LIMIT_S)

    def _put(self, negative: Negative, *, keep: bool) -> bool:
        try:
            self._work.put_nowait((negative, keep))
        except queue.Full:
            return False
        return True

    def _run(self) -> None:
        while True:
            try:
                work = self._work.get(timeout=TEND_S)
            except queue.Empty:
                self._tend()
                continue
            if work is None:
                return
            negative, keep = work
            if keep:
                self._keep(negative)
            else:
                self._develop(negative)

    def _develop(self, negative: Negative) -> None:
        try:
            negative.develop(self._seal)
        except cv2.error as error:  # no frame, however hostile, may end the thread
            log.warning("a face cannot be kept as a picture: %s", error)

    def _keep(self, negative: Negative) -> None:
        try:
            kept = negative.print_to(self._album)
        except OSError as error:
            kept = False
            if not self.dropped:
                log.warning("pictures cannot be kept: %s; more of this kind are only counted", error)
        self.kept += kept
        self.dropped += not kept

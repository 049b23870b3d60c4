"""The recogniser, opened beside the loop: the camera opens meanwhile, and weights may be installed later."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kiosk.service import Reason
from kiosk.vision import Vision
from models.engine import Engine
from models.errors import ModelsError

log = logging.getLogger(__name__)

RETRY_S = 5.0
CLOSE_LIMIT_S = 2.0


class Eye:
    """`vision` and `model` (the embedder's tag) once they are there; `trouble` says why not until then."""

    def __init__(self, open_engine: Callable[[], Engine]) -> None:
        self._open_engine = open_engine
        self._closed = threading.Event()
        self.vision: Vision | None = None
        self.model: str | None = None
        self.trouble: Reason | None = Reason.STARTING
        self._thread = threading.Thread(target=self._work, name="eye", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it is open, or still tries."""
        return self.vision is not None or self._thread.is_alive()

    def close(self) -> None:
        """Stop trying; twice is fine."""
        self._closed.set()
        self._thread.join(CLOSE_LIMIT_S)

    def _work(self) -> None:
        while not self._closed.is_set():
            try:
                engine = self._open_engine()
            except ModelsError as error:
                self._fail(error)
                self._closed.wait(RETRY_S)
                continue
            self.model, self.vision, self.trouble = engine.model, Vision(engine), None
            log.info("recogniser ready: %s", engine.model)
            return

    def _fail(self, error: ModelsError) -> None:
        if self.trouble is not Reason.WEIGHTS:
            log.error("recogniser cannot be opened: %s", error)
        self.trouble = Reason.WEIGHTS

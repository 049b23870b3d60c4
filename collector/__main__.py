"""The composition root of the centre's processes: `siperlu collector run|ingest|jobs|web` ends here."""

from __future__ import annotations

import logging
import signal
import sys
from threading import Event
from types import FrameType

from collector.app import EVERYTHING, Role, run
from collector.settings import CollectorSettings


def serve(settings: CollectorSettings, roles: frozenset[Role] = EVERYTHING) -> None:
    """Run until SIGTERM or SIGINT. Raises CollectorError, OSError."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    stop = Event()

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
    run(settings, stop, roles)

"""Work by the clock that outlives a database which is away for a while."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event

from collector.errors import StoreDownError

log = logging.getLogger(__name__)

TICK_S = 0.3
RETRY_S = 5.0


def patiently(what: str, turn: Callable[[Event], None], stop: Event) -> None:
    """Take a turn every tick until `stop` is set. While the database is away that is said once, and tried less often."""
    down = False
    while not stop.wait(TICK_S):
        try:
            turn(stop)
        except StoreDownError as error:
            if not down:
                log.error("%s wait: %s", what, error)  # noqa: TRY400 - known, once
            down = True
            stop.wait(RETRY_S)
        else:
            down = False

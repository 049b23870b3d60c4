"""The kiosk process: `python -m kiosk SETTINGS`, or `siperlu kiosk run --config SETTINGS`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from firmware.errors import AddressError
from kiosk import app
from kiosk.process import set_up_logging, stop_on_signals
from kiosk.settings import KioskSettings
from settings import SettingsError, load

log = logging.getLogger(__name__)


def serve(settings: KioskSettings) -> None:
    """Serve people until SIGTERM or SIGINT."""
    set_up_logging()
    stop = stop_on_signals()
    counted = app.run(settings, stop)
    log.info("stopped; since the start: %s", dict(counted.total))


if __name__ == "__main__":
    try:
        serve(load(KioskSettings, Path(sys.argv[1]) if len(sys.argv) > 1 else None))
    except (SettingsError, AddressError, OSError) as error:
        sys.exit(str(error))

"""One visit of a stick: off it first, so that receipts count, then on it what is still due."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from firmware.signals import Signal
from kiosk.agent.stick import incoming, outgoing
from kiosk.agent.update.bundles import NoRoomError
from kiosk.database import DatabaseError
from kiosk.keys import KeyFileError
from kiosk.relay import RelayReader
from kiosk.settings import KioskSettings
from stick import StickFolder

log = logging.getLogger(__name__)

TAKEN_S = 60.0
"""The relay gets so long to take in what came; what is written afterwards is more than is due, and no less."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a visit. `records`: written to the stick; `brought`: whether messages came; `bundles`: versions that
    came. `reason`: why it was refused, empty when it was not."""

    signal: Signal
    reason: str = ""
    records: int = 0
    brought: bool = False
    bundles: tuple[str, ...] = ()


def exchange(folder: Path, settings: KioskSettings, pause: Callable[[float], object] = time.sleep) -> Outcome:
    """Exchange with a mounted stick. The same stick again does nothing twice. Never raises for what a stick can be."""
    try:
        with closing(StickFolder(folder)) as stick:
            laid = _lay_out(stick, settings)
            bundles = incoming.fetch_bundles(stick, settings)
            if laid is not None:
                _wait_for_relay(laid, settings, pause)
            records = outgoing.write(stick, settings)
    except (OSError, DatabaseError, KeyFileError) as error:
        log.error("the stick is refused: %s", error)  # noqa: TRY400 - the message says it all
        return Outcome(Signal.STICK_REFUSED, str(error))
    log.info("a stick was here: %d records on it, %s", records, "messages came" if laid else "nothing came")
    return Outcome(Signal.STICK_SAFE, "", records, laid is not None, tuple(bundles))


def _lay_out(stick: StickFolder, settings: KioskSettings) -> str | None:
    """For want of room nothing comes in, but what is due goes out: a kiosk whose disk is full has the most to hand over."""
    try:
        return incoming.lay_out(stick, settings)
    except NoRoomError as error:
        log.warning("what the stick brought stays on it: %s", error)
        return None


def _wait_for_relay(name: str, settings: KioskSettings, pause: Callable[[float], object]) -> None:
    end = time.monotonic() + TAKEN_S
    with closing(RelayReader(settings.folders.relay)) as relay:
        while time.monotonic() < end and relay.lives():
            if relay.spooled() == name:
                return
            pause(0.2)

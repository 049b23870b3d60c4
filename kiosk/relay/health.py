"""The relay's word about the kiosk's health: advice, nothing is judged by it."""

from __future__ import annotations

import importlib.metadata
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kiosk.ledger.entry import ChainSpan
from wire.messages import STATUS, Status
from wire.seals import Sealed, SealingKey

TELL_EVERY_S = 300.0
THERMOMETER = Path("/sys/class/thermal/thermal_zone0/temp")
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is worth telling at once when it changes. `state`: running or out-of-service, the centre's page knows no more."""

    roster_version: int
    state: str
    chain: str | None


class Health:
    """Makes sealed status messages."""

    def __init__(self, kiosk: str, key: SealingKey, folder: Path) -> None:
        self._kiosk = kiosk
        self._key = key
        self._folder = folder
        self._version = importlib.metadata.version("siperlu-kiosk")

    def status(self, outlook: Outlook, newest: ChainSpan | None, backlog: int, *, online: bool = True) -> str:
        """A sealed status of this moment."""
        status = Status(
            kiosk=self._kiosk,
            at=datetime.now(UTC),
            online=online,
            version=self._version,
            state=outlook.state,
            backlog=backlog,
            roster_version=outlook.roster_version,
            chain=outlook.chain,
            last_seq=newest.last if newest else 0,
            temperature_c=_temperature_c(),
            disk_free_mib=shutil.disk_usage(self._folder).free // MIB,
        )
        return self._key.seal(Sealed.STATUS, STATUS.encode(status))


def _temperature_c() -> float | None:
    """Of the processor, where the board has a thermometer."""
    try:
        celsius = int(THERMOMETER.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None
    return celsius if -50 <= celsius <= 150 else None

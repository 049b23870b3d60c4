"""The relay's word about the kiosk's health: advice, nothing is judged by it."""

from __future__ import annotations

import importlib.metadata
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from firmware import board
from kiosk.ledger.entry import ChainSpan
from kiosk.pulse import last_frame
from kiosk.settings import KioskSettings
from wire.messages import STATUS, Status
from wire.seals import Sealed, SealingKey

TELL_EVERY_S = 300.0
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is worth telling at once when it changes. `state`: running or out-of-service, the centre's page knows no more."""

    roster_version: int
    state: str
    chain: str | None


class Health:
    """Makes sealed status messages."""

    def __init__(self, settings: KioskSettings, key: SealingKey) -> None:
        self._settings = settings
        self._key = key
        self._version = importlib.metadata.version("siperlu-kiosk")
        self._board, self._system = board.model(), board.system()

    def status(self, outlook: Outlook, newest: ChainSpan | None, backlog: int, *, online: bool = True) -> str:
        """A sealed status of this moment."""
        folders, relay = self._settings.folders, self._settings.relay
        status = Status(
            kiosk=self._settings.kiosk.id,
            at=datetime.now(UTC),
            online=online,
            version=self._version,
            state=outlook.state,
            backlog=backlog,
            roster_version=outlook.roster_version,
            chain=outlook.chain,
            last_seq=newest.last if newest else 0,
            temperature_c=board.temperature_c(),
            disk_free_mib=shutil.disk_usage(folders.relay).free // MIB,
            throttled=board.throttled(),
            last_frame_at=last_frame(folders.run),
            certificate_until=_ends(relay.certificate) if relay.tls else None,
            board=self._board,
            system=self._system,
        )
        return self._key.seal(Sealed.STATUS, STATUS.encode(status))


def _ends(certificate: Path) -> datetime | None:
    """When the kiosk's own certificate ends; it may be a new one since the last time."""
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return None

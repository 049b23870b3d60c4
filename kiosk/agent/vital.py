"""How the kiosk is, and which machine this is, for updates."""

from __future__ import annotations

import platform
import re
from contextlib import closing
from pathlib import Path

from kiosk.agent.update.course import Vital
from kiosk.database import DatabaseError
from kiosk.ledger import LedgerReader
from kiosk.pulse import last_frame
from kiosk.relay import RelayReader
from kiosk.relay.condition import Condition
from kiosk.settings import KioskSettings

OS_RELEASE = Path("/etc/os-release")
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def vital(settings: KioskSettings) -> Vital:
    """How the kiosk is now, as its files tell."""
    with (
        closing(RelayReader(settings.folders.relay)) as relay,
        closing(LedgerReader(settings.folders.ledger)) as ledger,
    ):
        condition = _condition(ledger)
        return Vital(
            frame_at=last_frame(settings.folders.run),
            started_at=condition.started_at,
            start=condition.start,
            serves=condition.in_service is True and ledger.lives(),
            online=_online(relay),
        )


def _condition(ledger: LedgerReader) -> Condition:
    """What the newest chain tells; nothing while it cannot be read."""
    condition = Condition()
    try:
        if spans := ledger.chains():
            condition.follow(ledger, spans[-1])
    except DatabaseError:
        return Condition()
    return condition


def _online(relay: RelayReader) -> bool:
    try:
        return relay.link().online
    except DatabaseError:
        return False


def target(source: Path = OS_RELEASE, machine: str = "") -> str:
    """The machine as releases name it, as "bookworm-arm64"; a system that none is made for gives a name that none has."""
    try:
        found = re.search(r"^VERSION_CODENAME=\"?([a-z]+)", source.read_text("utf-8"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        found = None
    return f"{found[1] if found else 'unknown'}-{MACHINES.get(machine or platform.machine(), 'unknown')}"

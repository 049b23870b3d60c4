"""What a technician wants to know of a box from afar: states, versions, disk, boots. No person, no record, no name."""

from __future__ import annotations

import importlib.metadata
import shutil
import time
from pathlib import Path

from pydantic import JsonValue

from firmware import board, clock
from kiosk.agent.system import System, SystemFailed
from kiosk.settings import KioskSettings
from kiosk.status import read_status

MIB = 1 << 20
UPTIME = Path("/proc/uptime")
SAFE = ("backlog", "last_seq", "roster_version", "enrolled", "online")


def gather(settings: KioskSettings, system: System) -> dict[str, JsonValue]:
    """Facts of the machine, a few hundred bytes; a part that cannot be asked says why."""
    told: dict[str, JsonValue] = {"version": importlib.metadata.version("siperlu-kiosk")}
    told["board"], told["system"] = board.model(), board.system()
    told["temperature-c"] = board.temperature_c()
    told["throttled"] = " ".join(board.throttled() or ())
    told["disk-free-mib"] = shutil.disk_usage(settings.folders.ledger.parent).free // MIB
    told["up-hours"] = round(_up_s() / 3600, 1)
    reading = clock.read()
    told["clock"], told["clock-error-ms"] = reading.source, reading.error_ms
    try:
        told.update({f"unit-{part}": state for part, state in system.states().items()})
    except SystemFailed as error:
        told["units"] = str(error)[:200]
    status = read_status(settings)
    told.update({name.replace("_", "-"): status[name] for name in SAFE})
    told["problems"] = len(status["problems"])
    return told


def _up_s() -> float:
    try:
        return float(UPTIME.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return time.monotonic()

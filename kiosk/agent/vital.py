"""How the kiosk is, and which machine this is, for updates."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from kiosk.agent.update.course import Vital
from kiosk.pulse import last_frame
from kiosk.settings import KioskSettings
from kiosk.status import read_status

OS_RELEASE = Path("/etc/os-release")
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def vital(settings: KioskSettings) -> Vital:
    """How the kiosk is now, as its files tell."""
    status = read_status(settings)
    return Vital(
        frame_at=last_frame(settings.folders.run), last_seq=status["last_seq"] or 0, online=bool(status["online"])
    )


def target(source: Path = OS_RELEASE, machine: str = "") -> str:
    """The machine as releases name it, as "bookworm-arm64"; a system that none is made for gives a name that none has."""
    try:
        found = re.search(r"^VERSION_CODENAME=\"?([a-z]+)", source.read_text("utf-8"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        found = None
    return f"{found[1] if found else 'unknown'}-{MACHINES.get(machine or platform.machine(), 'unknown')}"

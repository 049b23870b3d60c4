"""What the agent does to the machine: every step of an installation may take as long as a slow board at work needs."""

from __future__ import annotations

import configparser
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kiosk.agent.system import INSTALL_LIMIT_S, Debian, SystemFailed

UNITS = Path(__file__).parents[2] / "systemd"


def test_an_installation_is_not_hurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: dict[str, float] = {}

    def run(words: tuple[str, ...], **named: Any) -> Any:
        ran[words[2] if words[1] == "-m" else words[1]] = named["timeout"]
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    Debian().install(tmp_path / "release", [Path("one.whl")])
    assert ran == {"venv": INSTALL_LIMIT_S, "install": INSTALL_LIMIT_S}


def test_what_takes_too_long_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(words: tuple[str, ...], **named: Any) -> Any:
        raise subprocess.TimeoutExpired(words, named["timeout"])

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(SystemFailed, match=r"systemctl.*timed out after 120"):
        Debian().restart(["kiosk"])


class Systemctl:
    """Remembers what is disabled and stopped, and stops with a target all that is part of it, as systemd does."""

    def __init__(self) -> None:
        self.disabled: set[str] = set()
        self.stopped: set[str] = set()

    def __call__(self, words: tuple[str, ...], **_: Any) -> Any:
        verb, units = words[1], {word for word in words[2:] if not word.startswith("-")}
        if verb == "disable":
            self.disabled |= units
        if verb == "stop" or "--now" in words:
            self.stopped |= units | {unit.name for unit in UNITS.glob("*.service") if units & part_of(unit)}
        return subprocess.CompletedProcess(words, 0, "loaded", "")


def part_of(unit: Path) -> set[str]:
    read = configparser.RawConfigParser(strict=False)
    read.read(unit)
    return set(read.get("Unit", "PartOf", fallback="").split())


def test_who_stops_everything_for_good_is_not_stopped_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", systemctl := Systemctl())
    Debian().stop()
    parts = {f"siperlu-{part}.service" for part in ("kiosk", "relay", "screen")}
    assert systemctl.disabled >= {"siperlu.target", *parts}
    assert systemctl.stopped == parts, "of the target the agent is a part: it could not end what it has begun"

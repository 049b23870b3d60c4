"""What the agent does to the machine: every step of an installation may take as long as a slow board at work needs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from kiosk.agent.system import INSTALL_LIMIT_S, Debian, SystemFailed


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

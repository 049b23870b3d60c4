"""What the agent does to the machine: fixed words to fixed programs, and nothing that a command could have written."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol

PARTS: Final = ("kiosk", "relay", "screen")
SYSTEMCTL: Final = "/usr/bin/systemctl"
LIMIT_S = 120.0
INSTALL_LIMIT_S = 1800.0
"""Of each step of an installation: it goes last on a board at work, and what takes seconds at rest was seen to take more than two minutes."""


class SystemFailed(RuntimeError):
    """The machine did not do it; the text is its last word."""


class System(Protocol):
    """The machine, real or for tests."""

    def restart(self, parts: Sequence[str]) -> None:
        """Restart parts of the kiosk, of PARTS. Raises SystemFailed."""
        ...

    def stop(self) -> None:
        """Stop all parts for good, also after the next start."""
        ...

    def states(self) -> dict[str, str]:
        """How each part is: active, failed, …, with how often it was started anew."""
        ...

    def install(self, folder: Path, wheels: Sequence[Path]) -> None:
        """Make an environment in a folder from these wheels alone. Raises SystemFailed."""
        ...


class Debian:
    """systemd, Python's own environments and pip."""

    def restart(self, parts: Sequence[str]) -> None:
        """As `System.restart`."""
        _run(SYSTEMCTL, "restart", *self._units(part for part in parts if part in PARTS))

    def stop(self) -> None:
        """As `System.stop`. The target itself is not stopped, for the agent is a part of it, and has more to do afterwards."""
        units = self._units(PARTS)
        _run(SYSTEMCTL, "disable", "siperlu.target", *units)
        _run(SYSTEMCTL, "stop", *units)

    def states(self) -> dict[str, str]:
        """As `System.states`."""
        found = {}
        for part in PARTS:
            said = _run(SYSTEMCTL, "show", "-p", "ActiveState", "-p", "NRestarts", f"siperlu-{part}.service")
            values = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
            found[part] = f"{values.get('ActiveState', 'unknown')} {values.get('NRestarts', '')}".strip()
        return found

    def _units(self, parts: Iterable[str]) -> list[str]:
        """The units of these parts; a box without a screen has none for it."""
        units = [f"siperlu-{part}.service" for part in parts]
        return [unit for unit in units if _run(SYSTEMCTL, "show", "-P", "LoadState", unit).strip() != "not-found"]

    def install(self, folder: Path, wheels: Sequence[Path]) -> None:
        """As `System.install`."""
        shutil.rmtree(folder, ignore_errors=True)
        _run("/usr/bin/python3", "-m", "venv", "--system-site-packages", str(folder), limit_s=INSTALL_LIMIT_S)
        pip = (
            str(folder / "bin" / "pip"),
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-index",
            "--no-deps",
        )
        _run(*pip, *(str(wheel) for wheel in wheels), limit_s=INSTALL_LIMIT_S)


def _run(*words: str, limit_s: float = LIMIT_S) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=limit_s, check=False)  # noqa: S603 - fixed words
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SystemFailed(f"{words[0]}: {error}") from error
    if done.returncode:
        raise SystemFailed(f"{words[0]} {words[1]}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout

"""The clock of a fresh box: a Raspberry Pi without a clock chip begins in the past, where no certificate and no archive is valid yet."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from provisioning.errors import StepFailed
from provisioning.shell import Shell, must

FAR_S = 120
"""What archives and certificates forgive; the network's time does the rest."""
_LOOK = "date +%s; timedatectl show -P NTPSynchronized 2>/dev/null || true"
_SET = 'date -u -s "@$1" >/dev/null; hwclock -w 2>/dev/null || true'


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock is near this machine's, or has its time from the network and needs nobody's."""

    name: str = "clock"
    mend: str = (
        "Is the clock of this machine right? Is UDP port 123 open there? `date -u -s '2026-01-05 07:00'` on it sets it."
    )

    def done(self, shell: Shell) -> bool:
        """Whether it is so."""
        at, synchronised = self._look(shell)
        return synchronised or abs(at - time.time()) <= FAR_S

    def do(self, shell: Shell) -> None:
        """Set it. Raises StepFailed at a kiosk in service: two clocks differ, people check in by one, and nobody knows which is right."""
        if shell.run("systemctl -q is-active siperlu-kiosk").code == 0:
            theirs, ours = (
                f"{datetime.fromtimestamp(at, UTC):%d-%m-%Y %H:%M} UTC" for at in (self._look(shell)[0], time.time())
            )
            raise StepFailed(
                f"its clock reads {theirs} and this machine's {ours}, and people check in there: set the wrong one"
            )
        must(shell, _SET, str(int(time.time())))

    @staticmethod
    def _look(shell: Shell) -> tuple[int, bool]:
        """Seconds since 1970, and whether they are the network's."""
        said = must(shell, _LOOK).split()
        return int(said[0]), "yes" in said[1:]

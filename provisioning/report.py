"""What a run did, for people to read and to file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from provisioning.kiosk.identity import Identity
from provisioning.step import Outcome, Result


@dataclass(frozen=True, slots=True)
class MachineReport:
    """One machine's run: its address, the kiosk it became and where that hangs, every step, and what it is now."""

    host: str
    kiosk: str
    results: Sequence[Result]
    unit: str = ""
    screen: bool = True
    identity: Identity = field(default_factory=Identity)

    @property
    def good(self) -> bool:
        """Whether no step failed or was not reached."""
        return all(one.outcome not in {Outcome.FAILED, Outcome.NOT_REACHED} for one in self.results)

    @property
    def changed(self) -> int:
        """Steps that changed something, or would."""
        return sum(one.outcome in {Outcome.CHANGED, Outcome.WOULD_CHANGE} for one in self.results)

    @property
    def verdict(self) -> str:
        """One sentence."""
        failed = next((one for one in self.results if one.outcome is Outcome.FAILED), None)
        if failed is not None:
            return f"stopped at {failed.step}: {failed.text}"
        if any(one.outcome is Outcome.WOULD_CHANGE for one in self.results):
            return f"{self.changed} steps would change something"
        return f"in service, {self.changed} steps changed" if self.changed else "nothing changed: it is as it should be"


def text(reports: Sequence[MachineReport], at: datetime, version: str) -> str:
    """The report as plain text: a head, and every machine with every step."""
    good = sum(report.good for report in reports)
    parts = [f"Siperlu {version}, {at:%d-%m-%Y %H:%M %Z}: {good} of {len(reports)} kiosks as they should be", ""]
    for report in reports:
        parts += [f"{report.host} ({report.kiosk}): {report.verdict}"]
        parts += [f"  {one.outcome:<12} {one.step:<16} {one.seconds:6.1f} s" for one in report.results]
        parts += [""]
    return "\n".join(parts)


def tree(reports: Sequence[MachineReport], at: datetime, version: str) -> dict[str, Any]:
    """The same for programs."""
    machines = [
        {
            "host": report.host,
            "kiosk": report.kiosk,
            "unit": report.unit,
            "identity": asdict(report.identity),
            "good": report.good,
            "changed": report.changed,
            "verdict": report.verdict,
            "outcomes": dict(Counter(one.outcome.value for one in report.results)),
            "steps": [{**asdict(one), "seconds": round(one.seconds, 2)} for one in report.results],
        }
        for report in reports
    ]
    good = all(report.good for report in reports)
    return {"version": version, "at": at.isoformat(timespec="seconds"), "good": good, "machines": machines}

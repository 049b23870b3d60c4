"""Steps: each knows whether it is done already, does what is missing, and looks again.

Running the same steps twice changes nothing and says so; an interrupted run is finished by running it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from provisioning.errors import ProvisioningError
from provisioning.shell import Shell


class Outcome(StrEnum):
    """What became of a step."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    WOULD_CHANGE = "would change"
    FAILED = "failed"
    NOT_REACHED = "not reached"


class Step(Protocol):
    """One thing that a machine is to be. `mend`: what a technician can do when it does not get there."""

    @property
    def name(self) -> str:
        """A word or two."""
        ...

    @property
    def mend(self) -> str:
        """A sentence."""
        ...

    def done(self, shell: Shell) -> bool:
        """Whether the machine is so already. Raises ProvisioningError."""
        ...

    def do(self, shell: Shell) -> None:
        """Make it so; doing it twice, or half, must do no harm. Raises ProvisioningError."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one step on one machine; `text` says why it failed, and the mend."""

    step: str
    outcome: Outcome
    text: str = ""
    seconds: float = 0.0


Tell = Callable[[Result], None]


def run(steps: Iterable[Step], shell: Shell, *, dry: bool = False, tell: Tell = lambda _: None) -> list[Result]:
    """Bring a machine through the steps in order; after one that failed the others are not reached.

    `dry`: nothing is changed; what would be is told as far as it can be known.
    """
    results: list[Result] = []
    failed = False
    for step in steps:
        result = Result(step.name, Outcome.NOT_REACHED) if failed else _one(step, shell, dry=dry)
        failed |= result.outcome is Outcome.FAILED
        results.append(result)
        tell(result)
    return results


def _one(step: Step, shell: Shell, *, dry: bool) -> Result:
    begun = time.monotonic()

    def result(outcome: Outcome, text: str = "") -> Result:
        return Result(step.name, outcome, text, time.monotonic() - begun)

    try:
        if step.done(shell):
            return result(Outcome.UNCHANGED)
        if dry:
            return result(Outcome.WOULD_CHANGE)
        step.do(shell)
        if step.done(shell):
            return result(Outcome.CHANGED)
    except ProvisioningError as error:
        return result(Outcome.FAILED, f"{error}. {step.mend}")
    return result(Outcome.FAILED, f"it was done and still is not so. {step.mend}")

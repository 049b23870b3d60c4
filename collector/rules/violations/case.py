"""What people decide about a violation: open, confirmed, dismissed. Every step is kept; a reason to check is no verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from collector.rules.errors import TransitionError


class Status(StrEnum):
    """Where a violation stands."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


ALLOWED = {
    Status.OPEN: (Status.CONFIRMED, Status.DISMISSED),
    Status.CONFIRMED: (Status.OPEN,),
    Status.DISMISSED: (Status.OPEN,),
}
"""A decision is changed by opening the case again, so that both steps can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One decision: by whom, when, why."""

    to: Status
    by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A violation under review. `violation`: its key; `subject`: whom it is about."""

    violation: str
    subject: str
    status: Status = Status.OPEN
    history: tuple[Step, ...] = ()


def decide(case: Case, step: Step) -> Case:
    """The case after a step.

    Raises TransitionError for a step that is not allowed, has no reason, is older than the last one, or is taken by
    the person whom it is about.
    """
    if step.to not in ALLOWED[case.status]:
        allowed = " or ".join(ALLOWED[case.status])
        raise TransitionError(f"a violation that is {case.status} cannot become {step.to}: make it {allowed}")
    if step.by == case.subject:
        raise TransitionError("nobody decides about themselves: let another reviewer do it")
    if not step.why.strip():
        raise TransitionError("a decision without a reason cannot be read later: say why")
    if case.history and step.at < case.history[-1].at:
        raise TransitionError(f"a step at {step.at} is older than the last one at {case.history[-1].at}")
    return replace(case, status=step.to, history=(*case.history, step))

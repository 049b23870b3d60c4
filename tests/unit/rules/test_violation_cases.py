"""A violation is a reason to check: people decide, step by step, and every step can be read later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from collector.rules.errors import TransitionError
from collector.rules.violations.case import Case, Status, Step, decide
from tests.unit.rules.scene import TUESDAY, moment

NOON = moment(TUESDAY, "12:00")
CASE = Case(violation="v1", subject="p1")


def step(to: Status, hours: int = 0, by: str = "officer", why: str = "letter 800/1 seen") -> Step:
    return Step(to=to, by=by, at=NOON + timedelta(hours=hours), why=why)


@pytest.mark.parametrize("verdict", [Status.CONFIRMED, Status.DISMISSED])
def test_a_verdict_is_changed_by_opening_the_case_again(verdict: Status) -> None:
    decided = decide(CASE, step(verdict))
    opened = decide(decided, step(Status.OPEN, 1, why="appeal 7"))
    assert [each.to for each in opened.history] == [verdict, Status.OPEN]
    assert opened.status is Status.OPEN


@pytest.mark.parametrize(
    ("before", "to"),
    [
        (Status.OPEN, Status.OPEN),
        (Status.CONFIRMED, Status.CONFIRMED),
        (Status.CONFIRMED, Status.DISMISSED),
        (Status.DISMISSED, Status.CONFIRMED),
        (Status.DISMISSED, Status.DISMISSED),
    ],
)
def test_other_steps_are_refused(before: Status, to: Status) -> None:
    with pytest.raises(TransitionError, match=f"is {before} cannot become {to}"):
        decide(Case(violation="v1", subject="p1", status=before), step(to))


def test_nobody_decides_about_themselves() -> None:
    with pytest.raises(TransitionError, match="another reviewer"):
        decide(CASE, step(Status.DISMISSED, by="p1"))


@pytest.mark.parametrize("why", ["", "  "])
def test_every_step_has_a_reason(why: str) -> None:
    with pytest.raises(TransitionError, match="say why"):
        decide(CASE, step(Status.CONFIRMED, why=why))


def test_history_runs_forward() -> None:
    with pytest.raises(TransitionError, match="older than the last one"):
        decide(decide(CASE, step(Status.CONFIRMED, 2)), step(Status.OPEN, 1))

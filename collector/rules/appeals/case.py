"""An appeal and its way: filed, the superior's word, the HR agency's decision. Every step is kept.

The superior's word ends nothing: a superior may be the other party. A superior who is silent past the deadline holds nothing
up; the agency's own deadline only warns, for no appeal is decided by a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from collector.rules.errors import TooLateError, TransitionError


class Ground(StrEnum):
    """What is contested."""

    LATE = "late"
    EARLY = "early"
    ABSENT = "absent"
    ASSEMBLY = "assembly"
    WRONG_PERSON = "wrong-person"
    VIOLATION = "violation"


class Stage(StrEnum):
    """Who has to say something, or how it ended."""

    SUPERIOR = "superior"
    BKD = "bkd"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


OPEN = (Stage.SUPERIOR, Stage.BKD)


class Act(StrEnum):
    """A step."""

    FILE = "file"
    SUPPORT = "support"  # the superior speaks for it
    OBJECT = "object"  # the superior speaks against it
    LAPSE = "lapse"  # the superior was silent past the deadline
    ACCEPT = "accept"
    REJECT = "reject"
    WITHDRAW = "withdraw"


class Part(StrEnum):
    """As what somebody acts."""

    APPELLANT = "appellant"  # the person, or an operator for them
    SUPERIOR = "superior"
    BKD = "bkd"
    CENTRE = "centre"  # the clock


BY: dict[Act, Part] = {
    Act.FILE: Part.APPELLANT,
    Act.SUPPORT: Part.SUPERIOR,
    Act.OBJECT: Part.SUPERIOR,
    Act.LAPSE: Part.CENTRE,
    Act.ACCEPT: Part.BKD,
    Act.REJECT: Part.BKD,
    Act.WITHDRAW: Part.APPELLANT,
}
FROM: dict[Act, tuple[Stage, ...]] = {
    Act.SUPPORT: (Stage.SUPERIOR,),
    Act.OBJECT: (Stage.SUPERIOR,),
    Act.LAPSE: (Stage.SUPERIOR,),
    Act.ACCEPT: (Stage.BKD,),
    Act.REJECT: (Stage.BKD,),
    Act.WITHDRAW: OPEN,
}
TO: dict[Act, Stage] = {
    Act.FILE: Stage.SUPERIOR,
    Act.SUPPORT: Stage.BKD,
    Act.OBJECT: Stage.BKD,
    Act.LAPSE: Stage.BKD,
    Act.ACCEPT: Stage.ACCEPTED,
    Act.REJECT: Stage.REJECTED,
    Act.WITHDRAW: Stage.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: an account, and the person behind it (empty where it is nobody's own)."""

    account: str
    person: str = ""

    def same(self, other: Actor) -> bool:
        """Whether both are one human, as far as is known."""
        return self.account == other.account or (bool(self.person) and self.person == other.person)


CLOCK = Actor(account="siperlu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Days: to file after the day contested; for the superior's word after filing; for the decision after that."""

    file: timedelta = timedelta(days=30)
    superior: timedelta = timedelta(days=5)
    bkd: timedelta = timedelta(days=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what, by whom, as what, when, why."""

    act: Act
    by: Actor
    part: Part
    at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """An appeal. `person`: whose day it is; `known`: from when it could be contested; `steps`: the first one files it."""

    person: str
    known: datetime
    stage: Stage = Stage.SUPERIOR
    steps: tuple[Step, ...] = ()

    @property
    def since(self) -> datetime:
        """From when it stands where it stands."""
        return self.steps[-1].at if self.steps else self.known

    def due(self, deadlines: Deadlines) -> datetime | None:
        """Until when the next word is asked for; None when it is closed."""
        limits = {Stage.SUPERIOR: deadlines.superior, Stage.BKD: deadlines.bkd}
        return self.since + limits[self.stage] if self.stage in limits else None


def take(appeal: Appeal, step: Step, deadlines: Deadlines) -> Appeal:
    """The appeal after a step. Raises TransitionError, which names the rule, for one that is not allowed."""
    if step.part is not BY[step.act] and not (step.act is Act.FILE and step.part is Part.BKD):
        raise TransitionError(f"{step.act} is for the {BY[step.act]}, not for the {step.part}")
    if not step.why.strip():
        raise TransitionError("a step without a reason cannot be read later: say why")
    if appeal.steps and step.at < appeal.steps[-1].at:
        raise TransitionError(f"a step at {step.at} is older than the last one at {appeal.steps[-1].at}")
    _in_turn(appeal, step, deadlines)
    _four_eyes(appeal, step)
    return replace(appeal, stage=TO[step.act], steps=(*appeal.steps, step))


def lapsed(appeal: Appeal, now: datetime, deadlines: Deadlines) -> Appeal:
    """The appeal as it stands by the clock: with the agency when the superior was silent past the deadline."""
    due = appeal.due(deadlines)
    if appeal.stage is not Stage.SUPERIOR or not appeal.steps or due is None or now < due:
        return appeal
    why = f"no word of the superior within {deadlines.superior.days} days"
    return take(appeal, Step(act=Act.LAPSE, by=CLOCK, part=Part.CENTRE, at=due, why=why), deadlines)


def _in_turn(appeal: Appeal, step: Step, deadlines: Deadlines) -> None:
    if step.act is Act.FILE:
        if appeal.steps:
            raise TransitionError("this appeal is filed already")
        late = step.at - appeal.known
        if late > deadlines.file and step.part is not Part.BKD:
            raise TooLateError(
                f"it could be contested until {appeal.known + deadlines.file:%d-%m-%Y}, {deadlines.file.days} days: "
                "ask the HR agency to file it, with the reason for the delay"
            )
        return
    if not appeal.steps or appeal.stage not in FROM[step.act]:
        allowed = " or ".join(FROM[step.act])
        raise TransitionError(f"an appeal at stage {appeal.stage} cannot take {step.act}: it must be at {allowed}")
    due = appeal.due(deadlines)
    if step.act is Act.LAPSE and due is not None and step.at < due:
        raise TransitionError(f"the superior has time until {due}: wait until then")


def _four_eyes(appeal: Appeal, step: Step) -> None:
    if step.act is Act.FILE or step.part is Part.CENTRE:
        return
    filer = appeal.steps[0].by
    own = step.by.same(filer) or step.by.person == appeal.person
    if step.act is Act.WITHDRAW:
        if not own:
            raise TransitionError("an appeal is withdrawn by the person or by whoever filed it, by nobody else")
        return
    if own:
        raise TransitionError("nobody decides about their own appeal, or one that they filed: let somebody else do it")
    spoke = [each.by for each in appeal.steps if each.part is Part.SUPERIOR]
    if step.part is Part.BKD and any(step.by.same(each) for each in spoke):
        raise TransitionError("who spoke as superior does not decide for the agency: let another officer do it")

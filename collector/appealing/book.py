"""Filing appeals and taking their steps: each logged with the appeal, and an acceptance becomes entries in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from collector import audit
from collector.appealing import contest
from collector.appealing.attach import Asked, known_now
from collector.appealing.known import frozen
from collector.errors import AppealError, AppealLateError, CollectorError
from collector.judging import entries
from collector.judging.looks import place_of, records_at
from collector.rules.appeals import case
from collector.rules.appeals.case import Act, Actor, Appeal, Deadlines, Ground, Part, Stage, Step
from collector.rules.appeals.effects import WrongPerson, rulings
from collector.rules.errors import TooLateError, TransitionError
from collector.rules.violations.case import Status
from collector.rules.violations.case import Step as Verdict
from collector.settings import Appeals
from collector.store.appeals import AppealStep, StoredAppeal
from collector.store.violations import StoredViolation
from collector.violating.review import review


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What somebody contests. `around`: when the person says they stood there; `record`: of a wrong person, the look that was not
    them (empty: they were taken for somebody else); `violation`: its key."""

    person: str
    day: date
    ground: Ground
    why: str
    around: datetime | None = None
    record: str = ""
    violation: str = ""

    @property
    def asked(self) -> Asked:
        """What is to be looked up."""
        return Asked(person=self.person, day=self.day, around=self.around, record=self.record, violation=self.violation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What somebody says to an appeal. `record`, `truly`: with the acceptance of a wrong person, the look and who it was."""

    act: Act
    by: Actor
    part: Part
    at: datetime
    why: str
    record: str = ""
    truly: str = ""

    @property
    def step(self) -> Step:
        """As the case takes it."""
        return Step(act=self.act, by=self.by, part=self.part, at=self.at, why=self.why.strip())


def deadlines(settings: Appeals) -> Deadlines:
    """The deadlines as set."""
    return Deadlines(
        file=timedelta(days=settings.file_days),
        superior=timedelta(days=settings.superior_days),
        bkd=timedelta(days=settings.bkd_days),
    )


def number(appeal: int) -> str:
    """As people and reasons name it."""
    return f"S-{appeal:05d}"


def file(session: Session, filing: Filing, word: Word, limits: Deadlines) -> int:
    """File an appeal with what the centre knows now; its id. Raises AppealError."""
    found = contest.check(session, filing.asked, filing.ground, word.at, again=word.part is Part.BKD)
    try:
        filed = case.take(Appeal(person=filing.person, known=found.known_at), word.step, limits)
    except TransitionError as error:
        kind = AppealLateError if isinstance(error, TooLateError) else AppealError
        raise kind(f"appeal of {filing.day:%d-%m-%Y}: {error}") from error
    document, digest = frozen(known_now(session, filing.asked, word.at))
    row = {
        "person": filing.person,
        "unit": found.unit,
        "day": filing.day,
        "ground": filing.ground.value,
        "record": filing.record,
        "violation": filing.violation,
        "around": filing.around,
        "known_at": found.known_at,
        "stage": filed.stage.value,
        "since": filed.since,
        "snapshot": document,
        "digest": digest,
    }
    appeal = session.execute(insert(StoredAppeal).values(row).returning(StoredAppeal.id)).scalar_one()
    _write(session, appeal, filed.steps[-1])
    about = {"person": filing.person, "day": filing.day.isoformat(), "ground": filing.ground.value, "attached": digest}
    audit.note(session, word.by.account, "appeal.file", number(appeal), about, word.at)
    return appeal


def say(session: Session, appeal: int, word: Word, limits: Deadlines) -> Appeal:
    """Take one step; the appeal as it is then. An acceptance changes the day, or dismisses the violation, by entries.

    Raises AppealError. Of two who act at once the second one meets what the first one left.
    """
    stored, standing = locked(session, appeal)
    current = case.lapsed(standing, word.at, limits)
    try:
        after = case.take(current, word.step, limits)
        made = _accept(session, stored, word) if after.stage is Stage.ACCEPTED else []
    except TransitionError as error:
        raise AppealError(f"appeal {number(appeal)}: {error}") from error
    for step in after.steps[len(standing.steps) :]:
        _write(session, appeal, step, made if step is after.steps[-1] else ())
    changed = update(StoredAppeal).where(StoredAppeal.id == appeal)
    session.execute(changed.values(stage=after.stage.value, since=after.since))
    about = {"person": stored.person, "entries": " ".join(made)} if made else {"person": stored.person}
    audit.note(session, word.by.account, f"appeal.{word.act}", number(appeal), about, word.at)
    return after


def locked(session: Session, appeal: int) -> tuple[StoredAppeal, Appeal]:
    """The appeal and its way so far, held until the transaction ends. Raises AppealError."""
    stored = session.scalars(select(StoredAppeal).where(StoredAppeal.id == appeal).with_for_update()).one_or_none()
    if stored is None:
        raise AppealError(f"there is no appeal {number(appeal)}; `siperlu appeal list` shows them")
    return stored, standing_of(session, stored)


def standing_of(session: Session, stored: StoredAppeal) -> Appeal:
    """The way of an appeal so far."""
    steps = session.scalars(select(AppealStep).where(AppealStep.appeal == stored.id).order_by(AppealStep.id))
    return Appeal(
        person=stored.person,
        known=stored.known_at,
        stage=Stage(stored.stage),
        steps=tuple(
            Step(
                act=Act(each.act),
                by=Actor(account=each.by, person=each.by_person),
                part=Part(each.part),
                at=each.at,
                why=each.why,
            )
            for each in steps
        ),
    )


def _write(session: Session, appeal: int, step: Step, made: list[str] | tuple[str, ...] = ()) -> None:
    row = {
        "appeal": appeal,
        "act": step.act.value,
        "by": step.by.account,
        "by_person": step.by.person,
        "part": step.part.value,
        "at": step.at,
        "why": step.why,
        "entries": " ".join(made),
    }
    session.execute(insert(AppealStep).values(row))


def _accept(session: Session, stored: StoredAppeal, word: Word) -> list[str]:
    """Make the entries; their ids. Raises TransitionError, AppealError."""
    ground = Ground(stored.ground)
    if ground is Ground.VIOLATION:
        _dismiss(session, stored, word)
        return []
    wrong = _wrong(session, stored, word) if ground is Ground.WRONG_PERSON else None
    told = rulings(ground, stored.person, stored.day, number(stored.id), wrong)
    why = f"{number(stored.id)}: {word.why.strip()}"
    try:
        return [entries.enter(session.connection(), each, word.by.account, why, word.at) for each in told]
    except CollectorError as error:
        raise AppealError(f"appeal {number(stored.id)}: {error}") from error


def _wrong(session: Session, stored: StoredAppeal, word: Word) -> WrongPerson:
    """The look in question. One that was not the appellant's goes to whom the agency names, one that was theirs to them."""
    record = stored.record or word.record
    place = place_of(record)
    found = [] if place is None else list(records_at(session.connection(), [place]))
    if not found:
        raise AppealError(
            f"appeal {number(stored.id)}: no look {record!r}; choose the record that it is about, as kiosk/chain/number"
        )
    truly = word.truly if stored.record else stored.person
    if truly and not contest.serves(session, truly, stored.day):
        raise AppealError(f"person {truly!r} did not serve on {stored.day:%d-%m-%Y}: choose who it was, or nobody")
    return WrongPerson(record=record, holder=found[0].person, truly=truly)


def _dismiss(session: Session, stored: StoredAppeal, word: Word) -> None:
    """Dismiss the violation; one that was confirmed is opened again first, so that both steps can be read."""
    violation = session.get(StoredViolation, stored.violation)
    if violation is None or violation.status == Status.DISMISSED.value:
        return  # records that came since took it away, or somebody dismissed it already
    verdict = Verdict(to=Status.DISMISSED, by=word.by.account, at=word.at, why=f"{number(stored.id)}: {word.why}")
    if violation.status == Status.CONFIRMED.value:
        review(session, violation.key, replace(verdict, to=Status.OPEN))
    review(session, violation.key, verdict)

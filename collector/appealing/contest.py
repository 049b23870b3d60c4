"""Whether something can be contested: only what stands against the person, once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from collector.appealing.attach import Asked, result_of
from collector.errors import AppealError, AppealTwiceError
from collector.judging.looks import place_of, records_at
from collector.judging.marks import ONE_DAY, local_date, local_midnight
from collector.rules.appeals.case import Ground, Stage
from collector.rules.appeals.effects import grounds
from collector.rules.violations.case import Status
from collector.store.appeals import StoredAppeal
from collector.store.people import Assignment, Person
from collector.store.results import DayRow
from collector.store.violations import PhoneRecord, StoredViolation, ViolationStep


@dataclass(frozen=True, slots=True)
class Contested:
    """Where the person served that day, and from when it could be contested."""

    unit: str
    known_at: datetime


def check(session: Session, asked: Asked, ground: Ground, now: datetime, *, again: bool) -> Contested:
    """Raises AppealError for what cannot be contested. `again`: although it was decided before. Holds the person's row, so
    that of two filings of the same thing one is refused."""
    held = select(Person.id).where(Person.id == asked.person).with_for_update()
    if session.scalar(held) is None:
        raise AppealError(f"person {asked.person!r} is not known; `siperlu people list` shows who there is")
    if asked.day > local_date(now):
        raise AppealError(f"{asked.day:%d-%m-%Y} has not come yet: contest it afterwards")
    unit = _unit(session, asked)
    known_at = local_midnight(asked.day) + ONE_DAY
    if ground is Ground.VIOLATION:
        known_at = max(known_at, _violation(session, asked))
    elif ground is Ground.WRONG_PERSON:
        _look(session, asked)
    else:
        known_at = max(known_at, _fault(session, asked, ground))
    _once(session, asked, ground, again=again)
    return Contested(unit, min(known_at, now))


def serves(session: Session, person: str, day: date) -> str | None:
    """The unit where the person serves on that date by their main assignment, or None."""
    a = Assignment
    query = (
        select(a.unit)
        .where(a.person == person, a.kind == "main", a.from_day <= day, or_(a.until_day.is_(None), a.until_day >= day))
        .order_by(a.from_day.desc(), a.id.desc())
    )
    return session.scalars(query).first()


def _unit(session: Session, asked: Asked) -> str:
    unit = serves(session, asked.person, asked.day)
    if unit is None:
        raise AppealError(f"nobody served on {asked.day:%d-%m-%Y} under {asked.person!r}: choose a date in service")
    return unit


def _fault(session: Session, asked: Asked, ground: Ground) -> datetime:
    result = result_of(session, asked.person, asked.day)
    if ground not in grounds(result):
        told = " ".join(result.codes) or result.state.value if result else "not judged"
        raise AppealError(
            f"{asked.day:%d-%m-%Y} is {told}: {ground.value} can be contested where it is held against the person, "
            "after the day was judged"
        )
    made = session.scalar(select(DayRow.made_at).where(DayRow.person == asked.person, DayRow.day == asked.day))
    assert made is not None
    return made


def _look(session: Session, asked: Asked) -> None:
    if not asked.record:
        if asked.around is None:
            raise AppealError("who was taken for somebody else says when, about: give the time")
        return
    place = place_of(asked.record)
    found = [] if place is None else list(records_at(session.connection(), [place]))
    if not found or found[0].person != asked.person:
        raise AppealError(f"{asked.record!r} is no look of this person: choose one of their own day")
    if abs(local_date(found[0].when.at) - asked.day) > ONE_DAY:
        raise AppealError(f"that look is of {local_date(found[0].when.at):%d-%m-%Y}: contest it on its own date")


def _violation(session: Session, asked: Asked) -> datetime:
    found = session.get(StoredViolation, asked.violation) if asked.violation else None
    if found is None or not found.stands or not concerns(session, found, asked.person):
        raise AppealError(f"no violation {asked.violation[:12]!r} stands against this person: choose one that does")
    if found.status == Status.DISMISSED.value:
        raise AppealError("this violation is dismissed already: nothing is left to contest")
    if found.day != asked.day:
        raise AppealError(f"that violation is of {found.day:%d-%m-%Y}: contest it on its own date")
    steps = select(func.max(ViolationStep.at, type_=ViolationStep.at.type)).where(ViolationStep.violation == found.key)
    return session.scalar(steps) or found.at


def concerns(session: Session, violation: StoredViolation, person: str) -> bool:
    """Whether it is against the person, or against a phone or kiosk by records of theirs."""
    if violation.against == "person":
        return violation.subject == person
    evidence: list[str] = json.loads(violation.evidence)
    phone = select(PhoneRecord.id).where(PhoneRecord.record.in_(evidence), PhoneRecord.person == person).limit(1)
    if session.scalar(phone) is not None:
        return True
    places = [place for place in map(place_of, evidence) if place is not None]
    return bool(places) and any(look.person == person for look in records_at(session.connection(), places))


def _once(session: Session, asked: Asked, ground: Ground, *, again: bool) -> None:
    a = StoredAppeal
    query = select(a.id, a.stage).where(
        a.person == asked.person,
        a.day == asked.day,
        a.ground == ground.value,
        a.record == asked.record,
        a.violation == asked.violation,
        a.stage != Stage.WITHDRAWN.value,
    )
    for number, stage in session.execute(query.order_by(a.id)):
        open_ = stage in {Stage.SUPERIOR.value, Stage.BKD.value}
        if open_ or not again:
            how = "is being decided" if open_ else f"was {stage}"
            raise AppealTwiceError(f"this was contested before: S-{number:05d} {how}")

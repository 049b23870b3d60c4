"""Drawing a spot check, noting who is there, closing it. A draw stays: nobody draws until the right one comes."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, func, insert, or_, select
from sqlalchemy.orm import Session

from collector import audit
from collector.errors import SpotCheckError
from collector.judging.marks import local_date
from collector.rules.spotcheck import Candidate, Seen, Weighting, draw
from collector.store.people import Assignment
from collector.store.spotchecks import SpotCheck, SpotNote
from collector.store.violations import StoredViolation

BACK = timedelta(days=90)
TAP = re.compile(r"[A-Za-z0-9-]{8,40}")
UNIFORMS = ("", "ok", "not")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A draw as it is asked for: date, local time between which, how units are weighed, units of fewer people left out."""

    by: str
    day: date
    first: time
    last: time
    weighting: Weighting = Weighting.PEOPLE
    least: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A tap: what was seen of a person. `tap`: its own random name; `at`: when it was tapped."""

    person: str
    seen: Seen
    tap: str
    by: str
    at: datetime
    uniform: str = ""
    remark: str = ""


def draw_check(session: Session, order: Order, now: datetime) -> int:
    """Draw a unit and a moment; the check's id. Raises SpotCheckError."""
    if order.day < local_date(now) or order.day > local_date(now) + timedelta(days=31):
        raise SpotCheckError(f"{order.day:%d-%m-%Y}: draw for today or one of the next 31 days")
    candidates = _candidates(session, order)
    seed = secrets.token_hex(16)
    try:
        unit, at = draw(seed, candidates, order.day, order.first, order.last)
    except ValueError as error:
        raise SpotCheckError(f"{order.day:%d-%m-%Y}, {order.first:%H:%M} to {order.last:%H:%M}: {error}") from error
    units = [[each.unit, each.weight] for each in sorted(candidates, key=lambda one: one.unit)]
    told = json.dumps({"first": f"{order.first:%H:%M}", "last": f"{order.last:%H:%M}", "units": units})
    row = {"unit": unit, "day": order.day, "at": at, "seed": seed, "weighting": order.weighting.value}
    row |= {"candidates": told, "drawn_by": order.by, "drawn_at": now, "remark": ""}
    spot = session.execute(insert(SpotCheck).values(row).returning(SpotCheck.id)).scalar_one()
    about: dict[str, str | int] = {"unit": unit, "at": at.isoformat(), "seed": seed, "candidates": len(candidates)}
    audit.note(session, order.by, "spot-check.draw", str(spot), about, now)
    return spot


def note(session: Session, spot: int, told: Note) -> bool:
    """Keep a tap; False when it was kept before. Raises SpotCheckError."""
    check = open_check(session, spot)
    if not TAP.fullmatch(told.tap) or told.uniform not in UNIFORMS:
        raise SpotCheckError(
            "a note has the name of its tap and a uniform of ok, not or nothing: send it from the page"
        )
    if session.scalar(select(SpotNote.id).where(SpotNote.spot == spot, SpotNote.tap == told.tap)) is not None:
        return False
    if told.person not in set(session.scalars(staff(check.unit, check.day))):
        raise SpotCheckError(f"person {told.person!r} does not serve at {check.unit} on {check.day:%d-%m-%Y}")
    row = {"spot": spot, "person": told.person, "seen": told.seen.value, "uniform": told.uniform, "tap": told.tap}
    row |= {"remark": told.remark.strip()[:500], "by": told.by, "at": told.at}
    session.execute(insert(SpotNote).values(row))
    return True


def close(session: Session, spot: int, by: str, remark: str, now: datetime) -> None:
    """Nothing is noted any more; the detectors look at it. Raises SpotCheckError before its moment, or when nothing was noted."""
    check = open_check(session, spot)
    if session.scalar(select(SpotNote.id).where(SpotNote.spot == spot).limit(1)) is None:
        raise SpotCheckError("nobody was noted: note who is there, or leave the draw as it is")
    check.closed_by, check.closed_at, check.remark = by, now, remark.strip()[:2000]
    session.flush()
    audit.note(session, by, "spot-check.close", str(spot), {"unit": check.unit}, now)


def open_check(session: Session, spot: int) -> SpotCheck:
    """The check, held until the transaction ends. Raises SpotCheckError for one that is closed or not there."""
    check = session.scalars(select(SpotCheck).where(SpotCheck.id == spot).with_for_update()).one_or_none()
    if check is None or check.closed_at is not None:
        raise SpotCheckError(f"spot check {spot} is not there or was closed: draw another one")
    return check


def staff(unit: str, day: date) -> Select[str]:
    """Ids of who serves at a unit on a date, second sites included."""
    a = Assignment
    held = (a.from_day <= day, or_(a.until_day.is_(None), a.until_day >= day))
    return select(a.person).where(a.unit == unit, *held).distinct()


def redrawn(check: SpotCheck) -> bool:
    """Whether seed and candidates give the unit and moment that stand there."""
    told = json.loads(check.candidates)
    candidates = [Candidate(unit, weight) for unit, weight in told["units"]]
    span = (time.fromisoformat(told["first"]), time.fromisoformat(told["last"]))
    return draw(check.seed, candidates, check.day, *span) == (check.unit, check.at)


def _candidates(session: Session, order: Order) -> list[Candidate]:
    a = Assignment
    held = (a.kind == "main", a.from_day <= order.day, or_(a.until_day.is_(None), a.until_day >= order.day))
    people = session.execute(select(a.unit, func.count(a.person.distinct())).where(*held).group_by(a.unit))
    counts = {unit: count for unit, count in people if count >= order.least}
    if order.weighting is Weighting.EQUAL:
        return [Candidate(unit, 1) for unit in counts]
    if order.weighting is Weighting.PEOPLE:
        return [Candidate(unit, count) for unit, count in counts.items()]
    v = StoredViolation
    since = order.day - BACK
    rows = session.execute(select(v.unit, func.count()).where(v.day >= since, v.stands).group_by(v.unit))
    violations = dict(rows.all())
    return [Candidate(unit, 1 + violations.get(unit, 0)) for unit in counts]

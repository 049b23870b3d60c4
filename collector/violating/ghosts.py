"""One face for two people: found where templates can be read, at enrolment, and stored as a reason to check."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.rules.violations.detect import DETECTORS, detect
from collector.rules.violations.stream import Likeness, Stream
from collector.store.people import Assignment
from collector.violating.saving import add


def note_ghosts(session: Session, pairs: Iterable[tuple[str, str, float]], now: datetime) -> int:
    """Store a violation for each pair of people and the cosine of their templates; how many pairs. What was decided about one
    stays, also when the pair is found again."""
    likenesses = tuple(
        Likeness(person=person, other=other, cosine=cosine, unit=_unit(session, person), at=now)
        for person, other, cosine in pairs
    )
    found = detect(Stream(likenesses=likenesses), (DETECTORS["ghost"],))
    add(session.connection(), found)
    return len(found)


def _unit(session: Session, person: str) -> str:
    a = Assignment
    query = select(a.unit).where(a.person == person).order_by(a.kind, a.from_day.desc(), a.id.desc())
    return session.scalars(query).first() or ""

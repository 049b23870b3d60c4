"""What people decide about stored violations."""

from __future__ import annotations

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from collector import audit
from collector.errors import ReviewError
from collector.rules.errors import TransitionError
from collector.rules.violations.case import Case, Status, Step, decide
from collector.store.violations import StoredViolation, ViolationStep

LEAST_KEY = 8
"""Shortest beginning of a key that names a violation."""


def review(session: Session, key: str, step: Step) -> Case:
    """Take one step about the violation of this key, or of the only one that begins so; the case as it is then.

    Raises ReviewError for a key that names none or several, and for a step that is not allowed.
    """
    stored = held(session, key)
    case = _case(session, stored)
    try:
        after = decide(case, step)
    except TransitionError as error:
        raise ReviewError(f"violation {case.violation[:12]}: {error}") from error
    session.execute(
        insert(ViolationStep).values(
            violation=case.violation, to=step.to.value, by=step.by, at=step.at, why=step.why.strip()
        )
    )
    changed = update(StoredViolation).where(StoredViolation.key == case.violation)
    session.execute(changed.values(status=after.status.value))
    audit.note(session, step.by, f"violation.{step.to}", case.violation, {"kind": stored.kind}, step.at)
    return after


def held(session: Session, key: str) -> StoredViolation:
    """The violation of this key, or the only one that begins so. Raises ReviewError.

    Locked until the transaction ends: of two reviewers the second one decides about what the first one left.
    """
    if len(key) < LEAST_KEY:
        raise ReviewError(f"{key!r} is too short: give at least {LEAST_KEY} characters of the violation's key")
    begins = StoredViolation.key.startswith(key.lower(), autoescape=True)
    found = session.scalars(select(StoredViolation).where(begins).limit(2).with_for_update()).all()
    if not found:
        raise ReviewError(f"there is no violation {key!r}; siperlu report violations lists them")
    if len(found) > 1:
        raise ReviewError(f"several violations begin with {key!r}: give more of the key")
    return found[0]


def history(session: Session, key: str) -> tuple[Step, ...]:
    """The steps taken about a violation, in their order."""
    h = ViolationStep
    rows = session.execute(select(h.to, h.by, h.at, h.why).where(h.violation == key).order_by(h.id))
    return tuple(Step(to=Status(to), by=by, at=at, why=why) for to, by, at, why in rows)


def _case(session: Session, stored: StoredViolation) -> Case:
    steps = history(session, stored.key)
    return Case(violation=stored.key, subject=stored.subject, status=Status(stored.status), history=steps)

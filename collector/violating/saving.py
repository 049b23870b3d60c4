"""Violations into their table: each once, by its key; what people decided stays as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from collector.rules.violations.case import Status
from collector.rules.violations.stream import Violation
from collector.store.violations import StoredViolation, ViolationStep
from collector.violating.dates import local_date

LOCK = 0x56494F4C  # any number that only the detectors take
CHUNK = 5000
DERIVED = ("unit", "day", "at", "evidence", "facts", "stands")


def take_turns(connection: Connection) -> None:
    """Until this transaction ends no other process of the centre writes what detectors found."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def replace(connection: Connection, scope: ColumnElement[bool], found: Sequence[Violation]) -> None:
    """Make `found` all that stands within `scope`.

    What is not found any more is deleted while nobody has decided about it, else it is kept and stands no longer.
    """
    _upsert(connection, found)
    kept = {violation.key for violation in found}
    gone = sorted(set(connection.scalars(select(StoredViolation.key).where(scope))) - kept)
    decided = exists().where(ViolationStep.violation == StoredViolation.key)
    for start in range(0, len(gone), CHUNK):
        these = StoredViolation.key.in_(gone[start : start + CHUNK])
        connection.execute(delete(StoredViolation).where(these, ~decided))
        connection.execute(update(StoredViolation).where(these).values(stands=False))


def add(connection: Connection, found: Sequence[Violation]) -> None:
    """Store these; one that is there already stays as it is, what was decided about it too."""
    rows = [_row(violation) for violation in found]
    if rows:
        connection.execute(upsert(connection, StoredViolation).on_conflict_do_nothing(index_elements=["key"]), rows)


def upsert(connection: Connection, model: Any) -> Any:
    """An insert that may say what to do when the row is there already."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(model)


def _upsert(connection: Connection, found: Iterable[Violation]) -> None:
    statement = upsert(connection, StoredViolation)
    known = statement.on_conflict_do_update(
        index_elements=["key"], set_={name: statement.excluded[name] for name in DERIVED}
    )
    rows = [_row(violation) for violation in found]
    if rows:
        connection.execute(known, rows)


def _row(violation: Violation) -> dict[str, Any]:
    return {
        "key": violation.key,
        "kind": violation.kind.value,
        "against": violation.against.value,
        "subject": violation.subject,
        "unit": violation.unit,
        "day": local_date(violation.at),
        "at": violation.at,
        "about": violation.about,
        "evidence": json.dumps(violation.evidence),
        "facts": json.dumps(dict(violation.facts)),
        "status": Status.OPEN.value,
        "stands": True,
    }

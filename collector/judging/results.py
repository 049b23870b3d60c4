"""Judged days into the table: written only where they changed, and never past a closed month without a correction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from collector.judging.corrections import note_corrections
from collector.judging.sums import renew_sums
from collector.rules.codes import ReasonKind, State
from collector.rules.day import DayResult
from collector.rules.document import DAY_RESULT
from collector.store.results import DayRow

PersonDay = tuple[str, date]


def write_results(
    connection: Connection,
    results: Mapping[PersonDay, DayResult | None],
    rules_digests: Mapping[str, str],
    now: datetime,
) -> int:
    """Store what changed; how many did. None: that person does not serve on that date, and has no result."""
    before = _stored(connection, results)
    rows = [_row(result, rules_digests, now) for result in results.values() if result is not None]
    changed = [row for row in rows if before.get((row["person"], row["day"]), ("",))[0] != row["digest"]]
    gone = [key for key, result in results.items() if result is None and key in before]
    if gone:
        mine = and_(DayRow.person == bindparam("p"), DayRow.day == bindparam("d"))
        connection.execute(delete(DayRow).where(mine), [{"p": person, "d": day} for person, day in gone])
    if changed:
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(DayRow)
        news = {name: statement.excluded[name] for name in changed[0] if name not in ("person", "day")}
        connection.execute(statement.on_conflict_do_update(index_elements=["person", "day"], set_=news), changed)
        moved = {(row["person"], row["day"]) for row in changed}
        note_corrections(connection, [each for key, each in results.items() if key in moved and each is not None], now)
    moved_from = [
        (key[1], before[key][1]) for key in [*gone, *((row["person"], row["day"]) for row in changed)] if key in before
    ]
    renew_sums(connection, [*moved_from, *((row["day"], row["unit"]) for row in changed)])
    return len(changed) + len(gone)


def _stored(connection: Connection, keys: Iterable[PersonDay]) -> dict[PersonDay, tuple[str, str]]:
    """Digest and unit of what is stored of these person-days. One query: people by dates, a superset that costs nothing."""
    people, days = _both(keys)
    row = DayRow
    query = select(row.person, row.day, row.digest, row.unit).where(row.person.in_(people), row.day.in_(days))
    wanted = set(keys)
    found = connection.execute(query)
    return {(person, day): (digest, unit) for person, day, digest, unit in found if (person, day) in wanted}


def _both(keys: Iterable[PersonDay]) -> tuple[list[str], list[date]]:
    told = set(keys)
    return sorted({person for person, _ in told}), sorted({day for _, day in told})


def document_of(result: DayResult) -> tuple[bytes, str]:
    """A result as it is stored, and the SHA-256 of that."""
    document = DAY_RESULT.encode(result)
    return document, hashlib.sha256(document).hexdigest()


def _row(result: DayResult, rules_digests: Mapping[str, str], now: datetime) -> dict[str, Any]:
    document, digest = document_of(result)
    return {
        "person": result.person,
        "day": result.day,
        "unit": result.unit,
        "state": result.state.value,
        "codes": f" {' '.join(result.codes)} " if result.codes else "",
        "working": result.working,
        "first_in": result.first_in,
        "last_out": result.last_out,
        "minutes_late": result.minutes_late,
        "minutes_early": result.minutes_early,
        "no_check_in": result.no_check_in,
        "no_check_out": result.no_check_out,
        "percent_milli": int(result.percent * 1000),
        "rules": result.rules,
        "rules_digest": rules_digests.get(result.rules, ""),
        "closes": _closes(result),
        "document": document,
        "digest": digest,
        "made_at": now,
    }


def _closes(result: DayResult) -> datetime | None:
    if result.state is not State.OPEN:
        return None
    told = next((each for each in result.reasons if each.kind is ReasonKind.KIOSKS_INCOMPLETE), None)
    return datetime.fromisoformat(str(told.fact("until"))) if told else None

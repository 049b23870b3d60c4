"""Judged days into the table: written only where they changed, and never past a closed month without a correction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from collector.judging.corrections import note_corrections
from collector.judging.marks import take_turns
from collector.judging.sums import renew_sums
from collector.judging.years import NOTHING, Weight, renew_years, weight
from collector.rules.codes import ReasonKind, State
from collector.rules.day import DayResult
from collector.rules.document import DAY_RESULT
from collector.store.results import DayRow

PersonDay = tuple[str, date]


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a person-day."""

    digest: str
    unit: str
    weight: Weight


def write_results(
    connection: Connection,
    results: Mapping[PersonDay, DayResult | None],
    rules_digests: Mapping[str, str],
    now: datetime,
) -> int:
    """Store what changed; how many did. None: that person does not serve on that date, and has no result."""
    before = _stored(connection, results)
    rows = [_row(result, rules_digests, now) for result in results.values() if result is not None]
    changed = [row for row in rows if _digest(before.get((row["person"], row["day"]))) != row["digest"]]
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
    _renew(connection, before, changed, gone)
    return len(changed) + len(gone)


def forget_results(connection: Connection, people: Sequence[str]) -> None:
    """Take every result of these people away, and out of the sums: nobody has served by these names."""
    take_turns(connection)
    row = DayRow
    days = connection.scalars(select(row.day).where(row.person.in_(people)).distinct()).all()
    before = _stored(connection, [(person, day) for person in people for day in days])
    connection.execute(delete(row).where(row.person.in_(people)))
    _renew(connection, before, (), list(before))


def _renew(
    connection: Connection,
    before: Mapping[PersonDay, Stored],
    changed: Sequence[Mapping[str, Any]],
    gone: Sequence[PersonDay],
) -> None:
    """Bring all sums to what the days say now. `changed`: as they are stored now."""
    now = {(row["person"], row["day"]): row for row in changed}
    keys = [*gone, *now]
    left = [(key[1], before[key].unit) for key in keys if key in before]
    renew_sums(connection, [*left, *((row["day"], row["unit"]) for row in changed)])
    renew_years(connection, {key: (_weight(before.get(key)), _weighed(now.get(key))) for key in keys})


def _digest(stored: Stored | None) -> str:
    return stored.digest if stored else ""


def _weight(stored: Stored | None) -> Weight:
    return stored.weight if stored else NOTHING


def _weighed(row: Mapping[str, Any] | None) -> Weight:
    if row is None:
        return NOTHING
    return weight(row["state"], row["codes"], row["working"], row["minutes_late"] + row["minutes_early"])


def _stored(connection: Connection, keys: Iterable[PersonDay]) -> dict[PersonDay, Stored]:
    """What is stored of these person-days. One query: people by dates, a superset that costs nothing."""
    people, days = _both(keys)
    row = DayRow
    minutes = row.minutes_late + row.minutes_early
    query = select(row.person, row.day, row.digest, row.unit, row.state, row.codes, row.working, minutes).where(
        row.person.in_(people), row.day.in_(days)
    )
    wanted = set(keys)
    found = connection.execute(query)
    return {
        (person, day): Stored(digest, unit, weight(state, codes, working, counted))
        for person, day, digest, unit, state, codes, working, counted in found
        if (person, day) in wanted
    }


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

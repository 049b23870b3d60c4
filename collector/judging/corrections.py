"""What would be judged otherwise in a month that is closed: noted in the transaction of the change, booked by the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from collector.rules.day import DayResult
from collector.rules.document import DAY_RESULT
from collector.rules.month import corrections
from collector.store.results import ClosedDay, StoredCorrection

PersonDay = tuple[str, date]


def note_corrections(connection: Connection, changed: Sequence[DayResult], now: datetime) -> None:
    """Bring the corrections that wait to what these results say. Booked ones stay and are what is compared with."""
    settled = settled_days(connection, changed)
    if not settled:
        return
    derived = [each for each in changed if (each.person, each.day) in settled]
    # An open day waits: what was found about it before may be wrong by then, so nothing stands meanwhile.
    table = StoredCorrection
    mine = (table.person == bindparam("p"), table.day == bindparam("d"), table.booked.is_(None))
    connection.execute(delete(table).where(*mine), [{"p": each.person, "d": each.day} for each in derived])
    found = corrections([settled[each.person, each.day] for each in derived], derived)
    rows = [
        {
            "person": each.person,
            "day": each.day,
            "unit": each.then.unit,
            "then": DAY_RESULT.encode(each.then),
            "now": DAY_RESULT.encode(each.now),
            "percent_milli": int(each.percent * 1000),
            "minutes": each.minutes,
            "noted_at": now,
        }
        for each in found
    ]
    if rows:
        connection.execute(insert(table), rows)


def settled_days(connection: Connection, results: Sequence[DayResult]) -> dict[PersonDay, DayResult]:
    """What was paid of these person-days: as frozen, or as the last booked correction left it."""
    people = sorted({each.person for each in results})
    days = sorted({each.day for each in results})
    frozen = select(ClosedDay.person, ClosedDay.day, ClosedDay.document).where(
        ClosedDay.person.in_(people), ClosedDay.day.in_(days)
    )
    paid = {(person, day): document for person, day, document in connection.execute(frozen)}
    if not paid:
        return {}
    table = StoredCorrection
    booked = (
        select(table.person, table.day, table.now)
        .where(table.person.in_(people), table.day.in_(days), table.booked.is_not(None))
        .order_by(table.booked, table.id)
    )
    paid.update({(person, day): document for person, day, document in connection.execute(booked)})
    return {key: DAY_RESULT.decode(document) for key, document in paid.items()}

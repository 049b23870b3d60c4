"""Judging a stretch of days again, under the rules of their time, and saying whether a byte has changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, and_, func, insert, select, true

from collector.judging.errors import EntryError
from collector.judging.marks import Mark, Whose, local_date, touch
from collector.judging.organisation import read_organisation
from collector.judging.run import Judged, date_all, judge_marked, open_days
from collector.store.people import Unit
from collector.store.records import StoredRecord
from collector.store.results import DayRow, Fresh, RecordMoment
from collector.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What was judged again. `digest`: SHA-256 over every result of the stretch, by person and date: the same facts and rules,
    the same digest."""

    judged: int
    changed: int
    results: int
    digest: str


def recompute(writer: Writer, since: date, until: date, now: datetime, unit: str | None = None) -> Recomputed:
    """Judge these dates again, both included, of a unit and those below it, or of everybody; dates that were never judged are from now on.

    Raises EntryError for a stretch that is none or a unit nobody knows.
    """
    if until < since or until > local_date(now):
        raise EntryError(
            f"from {since} to {until}: give a first day and a last one, not after today, {local_date(now)}"
        )
    with writer.transaction() as connection:
        if unit is not None and connection.scalar(select(Unit.code).where(Unit.code == unit)) is None:
            raise EntryError(f"unit {unit!r} is not known: name one by its code")
        _find_undated(connection)
    open_days(writer, [since + timedelta(days=count) for count in range((until - since).days + 1)], now)
    date_all(writer)
    with writer.transaction() as connection:
        touch(connection, [Mark(Whose.UNIT, unit, since, until) if unit else Mark(Whose.ALL, "", since, until)])
    done: Judged = judge_marked(writer, now)
    with writer.transaction() as connection:
        units = sorted(read_organisation(connection).tree.below(unit)) if unit else None
        count, digest = _digest(connection, since, until, units)
    return Recomputed(done.judged, done.changed, count, digest)


def _find_undated(connection: Connection) -> None:
    """Mark records that came by another way than ingest: a restored backup, a bulk copy."""
    record, moment = StoredRecord, RecordMoment
    same = and_(moment.kiosk == record.kiosk, moment.chain == record.chain, moment.seq == record.seq)
    undated = (
        select(record.kiosk, record.chain, func.min(record.seq), func.max(record.seq))
        .outerjoin(moment, same)
        .where(moment.seq.is_(None))
        .group_by(record.kiosk, record.chain)
    )
    connection.execute(insert(Fresh).from_select(["kiosk", "chain", "first", "last"], undated))


def _digest(connection: Connection, since: date, until: date, units: list[str] | None) -> tuple[int, str]:
    row = DayRow
    query = select(row.person, row.day, row.digest).where(
        row.day >= since, row.day <= until, row.unit.in_(units) if units is not None else true()
    )
    told = connection.execute(query.order_by(row.person, row.day)).all()
    whole = hashlib.sha256("".join(f"{person} {day} {own}\n" for person, day, own in told).encode())
    return len(told), whole.hexdigest()

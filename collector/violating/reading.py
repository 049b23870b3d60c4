"""The records of a date, each with the time it was truly made."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, not_, or_, select
from sqlalchemy.orm import Session

from collector.judging.entries import CODECS, EntryKind
from collector.judging.expecting import places
from collector.judging.looks import look_rulings, phone_look, ruled
from collector.rules.codes import ReasonKind, State
from collector.rules.dating import date_records
from collector.rules.day import DayResult
from collector.rules.document import DAY_RESULT
from collector.rules.evidence import Look, Moment, Permit
from collector.rules.violations.stream import Missed, Observed
from collector.store.hours import Entry
from collector.store.records import StoredRecord
from collector.store.results import DayRow
from collector.store.spotchecks import SpotCheck, SpotNote
from collector.store.violations import PhoneRecord
from collector.violating.context import Context
from collector.violating.dates import ONE, begins, local_date
from collector.violating.rows import COLUMNS, Dated, Row, doubtful, is_doubtful, look, observed

KINDS = ("check-in", "event")
MIDDAY = ReasonKind.MIDDAY_MISSED.value.encode()
KIOSKS = 20
"""Kiosks whose chains are read whole at a time: years of 20 kiosks fit in memory."""

Doubts = Mapping[date, tuple[Dated, ...]]
"""Records of doubtful clock by the date to which they were dated."""


@dataclass(frozen=True, slots=True)
class DayRows:
    """What was observed on one local date. `days`: its final results in which the midday check was missed; `permits`: letters
    of those who were seen or missed; `missed`: by spot checks."""

    looks: tuple[Look, ...] = ()
    events: tuple[Observed, ...] = ()
    days: tuple[DayResult, ...] = ()
    permits: tuple[Permit, ...] = ()
    missed: tuple[Missed, ...] = ()


def read_day(session: Session, day: date, context: Context, doubts: Doubts) -> DayRows:
    """One date, in seven queries, however much happened on it; and a dozen for each spot check that missed somebody."""
    query = _between(day).where(not_(doubtful()))
    plain = (Row(*row) for row in session.execute(query))
    dated = [*(Dated(row, row.plain_moment()) for row in plain), *doubts.get(day, ())]
    seen = (look(each, context.spots) for each in dated if each.row.kind == "check-in")
    looks = list(ruled(seen, look_rulings(session.connection(), day - ONE, day + ONE)))
    looks += _phones(session, day, context)
    events = [each for each in dated if each.row.kind == "event"]
    missed = tuple(_missed(session, day))
    return DayRows(
        looks=tuple(looks),
        events=tuple(observed(each, context.kiosk_units.get(each.row.kiosk, "")) for each in events),
        days=tuple(_missed_midday(session, day)),
        permits=tuple(_permits(session, day, {*(each.person for each in looks), *(each.person for each in missed)})),
        missed=missed,
    )


def read_doubts(session: Session, kiosks: Collection[str]) -> Doubts:
    """The doubtful records of these kiosks, dated: their chains are read whole, for any record may be the anchor."""
    found: dict[date, list[Dated]] = defaultdict(list)
    named = sorted(kiosks)
    for start in range(0, len(named), KIOSKS):
        rows = _rows(session, select(*COLUMNS).where(StoredRecord.kiosk.in_(named[start : start + KIOSKS])))
        moments = date_records(row.stamp() for row in rows)
        for row in filter(is_doubtful, rows):
            when = moments[row.record]
            found[local_date(when.at)].append(Dated(row, when))
    return {day: tuple(rows) for day, rows in found.items()}


def digests(doubts: Doubts) -> dict[tuple[str, date], str]:
    """By kiosk and date, what changes whenever one of its doubtful records is dated otherwise."""
    told: dict[tuple[str, date], list[str]] = defaultdict(list)
    for day, rows in doubts.items():
        for each in rows:
            told[each.row.kiosk, day].append(f"{each.row.record} {_moment(each.when)}")
    return {key: hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() for key, lines in told.items()}


def _moment(when: Moment) -> str:
    return f"{when.at.isoformat()} {when.earliest.isoformat()} {when.latest.isoformat()} {when.basis}"


def _rows(session: Session, query: Select[Any]) -> list[Row]:
    return [Row(*row) for row in session.execute(query)]


def _between(day: date) -> Select[Any]:
    on_day = and_(StoredRecord.at >= begins(day), StoredRecord.at < begins(day + ONE))
    return select(*COLUMNS).where(StoredRecord.kind.in_(KINDS), on_day)


def _phones(session: Session, day: date, context: Context) -> Iterable[Look]:
    p = PhoneRecord
    query = select(p.record, p.person, p.device, p.at, p.received_at, p.latitude, p.longitude, p.accuracy_m)
    for found in session.execute(query.where(p.at >= begins(day), p.at < begins(day + ONE))):
        each = phone_look(*found)
        yield replace(each, unit=_unit(context, each.person, day))


def _unit(context: Context, person: str, day: date) -> str:
    """A phone hangs nowhere: it is counted where its person works."""
    known = context.people.get(person)
    post = known.assigned(day) if known else None
    return post.units[0] if post else ""


def _missed(session: Session, day: date) -> Iterable[Missed]:
    """Whom closed spot checks noted last as absent on that date, at an hour when their place was there. One that was drawn for late
    in the evening is noted after midnight."""
    s, n = SpotCheck, SpotNote
    query = select(s.id, s.unit, n.person, n.seen, n.at).join(n, n.spot == s.id)
    last = {
        (spot, person): (unit, seen, at)
        for spot, unit, person, seen, at in session.execute(
            query.where(s.day.in_((day - ONE, day)), s.closed_at.is_not(None)).order_by(n.at, n.id)
        )
    }
    gone = {
        (spot, person): (unit, at)
        for (spot, person), (unit, seen, at) in last.items()
        if seen == "absent" and local_date(at) == day
    }
    for number in sorted({spot for spot, _ in gone}):
        theirs = {person: place for (spot, person), place in gone.items() if spot == number}
        lawful = places(session.connection(), {person: at for person, (_, at) in theirs.items()})
        for person, (unit, at) in theirs.items():
            if lawful[person].awaited:
                yield Missed(check=f"sidak/{number}", person=person, unit=unit, at=at, place=lawful[person])


def _missed_midday(session: Session, day: date) -> Iterable[DayResult]:
    """Results are read through only where the word stands in them: few have a midday check at all."""
    query = select(DayRow.document).where(DayRow.day == day, DayRow.state == State.FINAL.value)
    for document in session.scalars(query):
        if MIDDAY in document:
            yield DAY_RESULT.decode(document)


def _permits(session: Session, day: date, people: Collection[str]) -> Iterable[Permit]:
    query = select(Entry.person, Entry.document).where(
        Entry.kind == EntryKind.PERMIT.value,
        Entry.withdrawn_at.is_(None),
        Entry.since <= day,
        or_(
            Entry.until.is_(None), Entry.until >= day - ONE
        ),  # a letter for a night's shift names the date on which it begins
    )
    for person, document in session.execute(query):
        if person in people:
            yield CODECS[EntryKind.PERMIT].decode(document)

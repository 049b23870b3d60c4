"""One look at all kiosks: alarms begin and end, and the scores of the day are summed up."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from collector.fleet.alarms import Surroundings, alarms
from collector.fleet.trend import BEFORE, LATELY, DayScores, Trend, trend
from collector.fleet.working import WorkingHours
from collector.judging.book import read_book
from collector.judging.marks import local_date, local_midnight
from collector.judging.organisation import read_organisation
from collector.reports.kiosks import KioskFacts, kiosks
from collector.store.fleet import KioskAlarm, MatchTrend
from collector.store.people import Kiosk, PublishedRoster
from collector.store.records import StoredRecord

log = logging.getLogger(__name__)

PAGE = 500
ONE_DAY = timedelta(days=1)
KEPT = timedelta(days=730)
"""Alarms that have ended and sums of scores are kept for two years."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What one look changed: alarms that began and ended."""

    began: int
    ended: int


def watch(session: Session, now: datetime) -> Watched:
    """Begin and end the alarms of all kiosks. The number of queries does not depend on how many there are, but for pages."""
    wanted = {(facts.id, kind) for facts, around in _seen(session, now) for kind in alarms(facts, around, now)}
    rows = session.execute(
        select(KioskAlarm.id, KioskAlarm.kiosk, KioskAlarm.kind, KioskAlarm.since).where(KioskAlarm.until.is_(None))
    ).all()
    known = {(kiosk, kind): (number, since) for number, kiosk, kind, since in rows}
    began = sorted((kiosk, kind.value) for kiosk, kind in wanted if (kiosk, kind.value) not in known)
    still = {(kiosk, kind.value) for kiosk, kind in wanted}
    ended = sorted(set(known) - still)
    if began:
        session.execute(insert(KioskAlarm), [{"kiosk": kiosk, "kind": kind, "since": now} for kiosk, kind in began])
    if ended:
        numbers = [known[key][0] for key in ended]
        session.execute(update(KioskAlarm).where(KioskAlarm.id.in_(numbers)).values(until=now))
    _tell(began, [(*key, now - known[key][1]) for key in ended])
    return Watched(len(began), len(ended))


def sum_up(session: Session, now: datetime) -> None:
    """Sum up the scores of yesterday and today anew, and forget what is two years old."""
    today = local_date(now)
    days = (today - ONE_DAY, today)
    session.execute(delete(MatchTrend).where(MatchTrend.day.in_(days)))
    rows = [row for day in days for row in _sums(session, day)]
    if rows:
        session.execute(insert(MatchTrend), rows)
    session.execute(delete(MatchTrend).where(MatchTrend.day < today - KEPT))
    session.execute(delete(KioskAlarm).where(KioskAlarm.until < now - KEPT))


def trends(session: Session, today: date, kiosk: str | None = None) -> dict[str, Trend]:
    """How the scores of all kiosks, or of one, have moved. One query."""
    query = select(MatchTrend).where(MatchTrend.day > today - LATELY - BEFORE)
    found: dict[str, list[DayScores]] = defaultdict(list)
    for row in session.scalars(query if kiosk is None else query.where(MatchTrend.kiosk == kiosk)):
        found[row.kiosk].append(DayScores(row.day, row.looks, row.mean, row.mean_square))
    return {name: trend(days, today) for name, days in found.items()}


def _seen(session: Session, now: datetime) -> Iterator[tuple[KioskFacts, Surroundings]]:
    connection = session.connection()
    hours = WorkingHours(read_book(connection).rules, read_organisation(connection))
    moved = trends(session, local_date(now))
    others = {
        kiosk: (by_stick, since, at)
        for kiosk, by_stick, since, at in session.execute(
            select(Kiosk.id, Kiosk.by_stick, Kiosk.registered_at, PublishedRoster.at).outerjoin(
                PublishedRoster, PublishedRoster.kiosk == Kiosk.id
            )
        )
    }
    offset = 0
    while page := kiosks(session, PAGE, offset):
        for facts in page:
            by_stick, since, at = others[facts.id]
            yield facts, Surroundings(hours.at(facts.unit, now), by_stick, since, at, moved.get(facts.id))
        offset += PAGE


def _sums(session: Session, day: date) -> list[dict[str, object]]:
    """The looks by face of one local date, by kiosk."""
    record, start = StoredRecord, local_midnight(day)
    query = (
        select(record.kiosk, func.count(), func.avg(record.score), func.avg(record.score * record.score))
        .where(record.kind == "check-in", record.at >= start, record.at < start + ONE_DAY, record.score.is_not(None))
        .group_by(record.kiosk)
    )
    return [
        {"kiosk": kiosk, "day": day, "looks": looks, "mean": mean, "mean_square": square}
        for kiosk, looks, mean, square in session.execute(query)
    ]


def _tell(began: list[tuple[str, str]], ended: list[tuple[str, str, timedelta]]) -> None:
    """The change, once."""
    for kiosk, kind in began:
        log.warning("kiosk %s: %s", kiosk, kind)
    for kiosk, kind, lasted in ended:
        log.warning("kiosk %s: %s is over after %.0f s", kiosk, kind, lasted.total_seconds())

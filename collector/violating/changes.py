"""What has arrived since the detectors last looked, and the mark that says how far they have."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, and_, delete, func, not_, or_, select, tuple_
from sqlalchemy.orm import Session

from collector.judging.checks import Asked, asked_again, looked_again
from collector.store.hours import Entry
from collector.store.records import Chain, StoredRecord
from collector.store.spotchecks import SpotCheck
from collector.store.violations import DetectedChain, DetectedDoubt, PhoneRecord
from collector.violating.dates import ONE, read_date, sql_date
from collector.violating.reading import Doubts, digests
from collector.violating.rows import doubtful
from collector.violating.saving import upsert

PHONES = ("", "phones")
"""The mark of phone records, beside those of chains."""

RULINGS = ("", "rulings")
"""The mark of rulings about looks: the moment of the newest, in microseconds since 1970."""

CHECKS = ("", "spot-checks")
"""The mark of closed spot checks, in the same way."""

SLACK = timedelta(minutes=1)
"""A transaction that began before the last look may have been committed after it."""

Mark = tuple[str, str, int, int]
Digests = dict[tuple[str, date], str]


@dataclass(frozen=True, slots=True)
class Changes:
    """`marks`: chains as they are, of those that moved. `days`: dates of their new records, as the network's time
    vouches for them. `kiosks`: those that moved and have records of doubtful clock. `again`: dates of spot checks that the judge
    has asked for."""

    marks: tuple[Mark, ...] = ()
    days: frozenset[date] = frozenset()
    kiosks: frozenset[str] = frozenset()
    again: tuple[Asked, ...] = ()


def read_changes(session: Session) -> Changes:
    """What is new, in a fixed number of queries. Marks are read first: what comes meanwhile is new again next time."""
    marks = (*_moved(session), *_phones(session), *_rulings(session), *_checks(session))
    again = asked_again(session)
    if not marks and not again:
        return Changes()
    kiosks = frozenset(kiosk for kiosk, *_ in marks)
    days = _record_days(session) | _phone_days(session) | _ruled_days(session) | _checked_days(session)
    return Changes(marks, days | {each.day for each in again}, _in_doubt(session) & kiosks, again)


def doubt_kiosks(session: Session, days: Collection[date]) -> frozenset[str]:
    """Kiosks whose doubtful records were last dated to one of these dates."""
    query = select(DetectedDoubt.kiosk).where(DetectedDoubt.day.in_(days)).distinct()
    return frozenset(session.scalars(query))


def redated(session: Session, kiosks: Collection[str], doubts: Doubts) -> set[date]:
    """Dates that a doubtful record of these kiosks has come to, left, or moved within."""
    held: Digests = {
        (kiosk, day): digest
        for kiosk, day, digest in session.execute(
            select(DetectedDoubt.kiosk, DetectedDoubt.day, DetectedDoubt.digest).where(DetectedDoubt.kiosk.in_(kiosks))
        )
    }
    now = {key: digest for key, digest in digests(doubts).items() if key[0] in kiosks}
    return {day for kiosk, day in held.keys() | now.keys() if held.get((kiosk, day)) != now.get((kiosk, day))}


def write_marks(connection: Connection, changes: Changes, doubts: Doubts) -> None:
    """The detectors have looked at these."""
    looked_again(connection, changes.again)
    statement = upsert(connection, DetectedChain)
    new = statement.excluded
    known = statement.on_conflict_do_update(
        index_elements=["kiosk", "chain"], set_={"upto": new.upto, "seen": new.seen}
    )
    names = ("kiosk", "chain", "upto", "seen")
    if changes.marks:
        connection.execute(known, [dict(zip(names, mark, strict=True)) for mark in changes.marks])
    if changes.kiosks:
        connection.execute(delete(DetectedDoubt).where(DetectedDoubt.kiosk.in_(changes.kiosks)))
    rows = [
        {"kiosk": kiosk, "day": day, "digest": digest}
        for (kiosk, day), digest in digests(doubts).items()
        if kiosk in changes.kiosks
    ]
    if rows:
        connection.execute(upsert(connection, DetectedDoubt), rows)


def neighbours(days: Collection[date]) -> set[date]:
    """The dates that are read to detect these: each with the one before it."""
    return {each for day in days for each in (day - ONE, day)}


MARKED = and_(DetectedChain.kiosk == Chain.kiosk, DetectedChain.chain == Chain.chain)
MOVED = or_(DetectedChain.upto.is_(None), DetectedChain.upto != Chain.upto, DetectedChain.seen != Chain.seen)
NEW = and_(
    StoredRecord.kiosk == Chain.kiosk,
    StoredRecord.chain == Chain.chain,
    StoredRecord.seq > func.coalesce(DetectedChain.upto, 0),
)


def _moved(session: Session) -> list[Mark]:
    query = select(Chain.kiosk, Chain.chain, Chain.upto, Chain.seen).outerjoin(DetectedChain, MARKED).where(MOVED)
    return [(kiosk, chain, upto, seen) for kiosk, chain, upto, seen in session.execute(query)]


def _record_days(session: Session) -> frozenset[date]:
    day = sql_date(session, StoredRecord.at)
    query = (
        select(day)
        .select_from(Chain)
        .outerjoin(DetectedChain, MARKED)
        .join(StoredRecord, NEW)
        .where(MOVED, not_(doubtful()))
    )
    return frozenset(map(read_date, session.scalars(query.distinct())))


def _in_doubt(session: Session) -> frozenset[str]:
    """Kiosks with a doubtful record among the new ones, or among those that were dated before."""
    new = (
        select(StoredRecord.kiosk)
        .select_from(Chain)
        .outerjoin(DetectedChain, MARKED)
        .join(StoredRecord, NEW)
        .where(MOVED, doubtful())
    )
    return frozenset(session.scalars(new.distinct())) | frozenset(
        session.scalars(select(DetectedDoubt.kiosk).distinct())
    )


def _phones(session: Session) -> list[Mark]:
    newest = session.scalar(select(func.max(PhoneRecord.id))) or 0
    return [(*PHONES, newest, newest)] if newest > _phones_seen(session) else []


def _phones_seen(session: Session) -> int:
    return _seen(session, PHONES)


def _seen(session: Session, mark: tuple[str, str]) -> int:
    key = tuple_(DetectedChain.kiosk, DetectedChain.chain)
    return session.scalar(select(DetectedChain.upto).where(key == tuple_(*mark))) or 0


def _phone_days(session: Session) -> frozenset[date]:
    query = select(sql_date(session, PhoneRecord.at)).where(PhoneRecord.id > _phones_seen(session))
    return frozenset(map(read_date, session.scalars(query.distinct())))


def _rulings(session: Session) -> list[Mark]:
    newest = session.scalar(select(func.max(_TOLD, type_=Entry.entered_at.type)).where(_RULING))
    return _moved_on(session, RULINGS, newest)


def _checks(session: Session) -> list[Mark]:
    newest = session.scalar(select(func.max(SpotCheck.closed_at, type_=SpotCheck.closed_at.type)))
    return _moved_on(session, CHECKS, newest)


def _moved_on(session: Session, mark: tuple[str, str], newest: datetime | None) -> list[Mark]:
    moment = 0 if newest is None else (newest - EPOCH) // timedelta(microseconds=1)
    return [(*mark, moment, moment)] if moment > _seen(session, mark) else []


def _since(session: Session, mark: tuple[str, str]) -> datetime:
    return EPOCH + timedelta(microseconds=_seen(session, mark)) - SLACK


def _checked_days(session: Session) -> frozenset[date]:
    """Dates of spot checks that were closed since."""
    query = select(SpotCheck.day).where(SpotCheck.closed_at > _since(session, CHECKS)).distinct()
    return frozenset(session.scalars(query))


def _ruled_days(session: Session) -> frozenset[date]:
    """Dates of rulings that were made or withdrawn since; a look may lie on the date after the one it was worked on."""
    since = EPOCH + timedelta(microseconds=_seen(session, RULINGS)) - SLACK
    days = session.scalars(select(Entry.since).where(_RULING, since < _TOLD).distinct())
    return frozenset(each for day in days for each in (day, day + ONE))


_RULING = Entry.kind == "ruling"
_TOLD = func.coalesce(Entry.withdrawn_at, Entry.entered_at, type_=Entry.entered_at.type)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

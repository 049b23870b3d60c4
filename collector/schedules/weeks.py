"""Own weeks: a teacher's lesson hours, part-time hours; one at a time, between two dates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from collector import audit
from collector.judging import entries
from collector.judging.entries import CODECS, EntryKind, PersonalHours
from collector.rules.hours import MINUTE, Hours, OwnHours
from collector.schedules.errors import Rule, ScheduleError
from collector.schedules.standing import Hand, Standing, check_open, hold, somebody
from collector.store.hours import Entry

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Own:
    """An own week as it was entered; `entry`: id of the entry."""

    entry: str
    hours: OwnHours
    by: str
    at: datetime
    reason: str


def give(session: Session, person: str, week: OwnHours, hand: Hand, *, succeed: bool = False) -> str:
    """Enter an own week; id of the entry. `succeed`: an older one that still holds ends on the day before.

    Raises ScheduleError: times that cannot be, overlap with another week, a pattern without own weeks, out of reach on any
    of its days, today or past, closed. A letter or reason `hand.why` is needed.
    """
    somebody(hand)
    _check_times(week)
    connection = session.connection()
    hold(connection, [person])
    standing = _standing(connection, person, week.since, week.until)
    _check_days(connection, standing, hand, person, (week.since, week.until))
    if not hand.why.strip():
        raise ScheduleError(Rule.LETTER)
    for other in entered(session, person):
        if _meet(other.hours, week):
            if not (succeed and other.hours.since < week.since):
                raise _overlap(other.hours, week.since)
            _end(session, person, other, week.since - ONE_DAY, hand)
    number = entries.enter(connection, PersonalHours(person=person, hours=week), hand.by, hand.why.strip(), hand.at)
    detail = {"entry": number, "from": str(week.since), "to": str(week.until or "")}
    audit.note(session, hand.by, "hours.week", person, detail, hand.at)
    return number


def end(session: Session, person: str, number: str, last: date, hand: Hand) -> None:
    """End a week on `last`; a day before its beginning takes it back. Only the days after `last` are changed by that.

    Raises ScheduleError.
    """
    somebody(hand)
    connection = session.connection()
    hold(connection, [person])
    found = next((one for one in entered(session, person) if one.entry == number), None)
    if found is None or (found.hours.until is not None and last >= found.hours.until):
        raise ScheduleError(Rule.GONE)
    first = max(last + ONE_DAY, found.hours.since)
    standing = _standing(connection, person, first, found.hours.until)
    if standing.held(person, first) is not None:  # a week may outlast the service
        standing.check(hand, person, first)
    elif hand.reach is not None:
        standing.check(hand, person, found.hours.since)
    check_open(connection, person, first, found.hours.until)
    _end(session, person, found, last, hand)


def entered(session: Session, person: str) -> list[Own]:
    """The weeks of a person that were not taken back, the newest first."""
    table = Entry
    query = select(table.id, table.document, table.entered_by, table.entered_at, table.reason).where(
        table.person == person, table.kind == EntryKind.OWN_HOURS.value, table.withdrawn_at.is_(None)
    )
    codec = CODECS[EntryKind.OWN_HOURS]
    found = [Own(number, codec.decode(told).hours, by, at, why) for number, told, by, at, why in session.execute(query)]
    return sorted(found, key=lambda one: one.hours.since, reverse=True)


def _end(session: Session, person: str, found: Own, last: date, hand: Hand) -> None:
    connection = session.connection()
    entries.withdraw(connection, found.entry, hand.by, hand.at)
    if last >= found.hours.since:
        shorter = PersonalHours(person=person, hours=replace(found.hours, until=last))
        entries.enter(connection, shorter, found.by, found.reason, hand.at)
    detail = {"entry": found.entry, "last": str(last), "from": str(found.hours.since)}
    audit.note(session, hand.by, "hours.week-end", person, detail, hand.at)


def _standing(connection: Connection, person: str, since: date, until: date | None) -> Standing:
    return Standing(connection, [person], since, until or since)


def _check_times(week: OwnHours) -> None:
    if week.until is not None and week.until < week.since:
        raise ScheduleError(Rule.ORDER, since=week.since, until=week.until)
    if not any(week.days):
        raise ScheduleError(Rule.EMPTY)
    for weekday, hours in enumerate(week.days, 1):
        if hours is not None and not _possible(hours, week.since):
            raise ScheduleError(Rule.TIMES, weekday=weekday, starts=f"{hours.start:%H:%M}", ends=f"{hours.end:%H:%M}")


def _possible(hours: Hours, day: date) -> bool:
    span = hours.on(day)
    return hours.start < hours.end and 0 <= hours.break_minutes < (span.end - span.start) // MINUTE


def _check_days(
    connection: Connection, standing: Standing, hand: Hand, person: str, span: tuple[date, date | None]
) -> None:
    since, until = span
    held = standing.check(hand, person, since)
    if held.own is None:
        raise ScheduleError(Rule.NO_WEEK, person=person, pattern=held.name, day=since)
    for post in standing.facts.known[person].assignments:  # a later post at another unit is that unit's business
        later = post.main and post.since > since and (until is None or post.since <= until)
        if later and hand.reach is not None and post.units[0] not in hand.reach:
            raise ScheduleError(Rule.ELSEWHERE, person=person, day=post.since)
    check_open(connection, person, since, until)


def _meet(one: OwnHours, other: OwnHours) -> bool:
    return one.since <= (other.until or date.max) and other.since <= (one.until or date.max)


def _overlap(held: OwnHours, day: date) -> ScheduleError:
    return ScheduleError(Rule.OVERLAP, since=held.since, until=held.until or "…", day=day)

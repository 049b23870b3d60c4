"""Which pattern of hours a person follows from which day on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from collector import audit
from collector.judging import entries
from collector.judging.marks import Mark, Whose, touch
from collector.schedules.errors import Rule, ScheduleError
from collector.schedules.standing import Hand, Standing, check_open, hold, somebody
from collector.store.hours import Schedule

FARTHEST = timedelta(days=366 * 5)
"""Rule sets are looked at so far ahead."""


@dataclass(frozen=True, slots=True)
class Since:
    """A pattern and its first day; it holds until the next one. `by`, `reason`: who said so, where that was kept."""

    day: date
    pattern: str
    by: str = ""
    reason: str = ""


def assign(session: Session, people: Sequence[str], pattern: str, since: date, hand: Hand) -> None:
    """From `since` on these people follow the pattern, until the next one that is entered; all of them or none.

    Raises ScheduleError: nobody named, out of reach, today or past, closed, or no such pattern in a rule set that holds
    from then on.
    """
    somebody(hand)
    connection = session.connection()
    hold(connection, people)
    standing = Standing(connection, people, since, since)
    ends = _ends(session, people, since)
    for person in people:
        standing.check(hand, person, since)
        check_open(connection, person, since, ends.get(person))
        _check_pattern(standing, person, pattern, since, ends.get(person))
    for person in people:
        before = standing.facts.person(person, since).pattern
        who = entries.Decided(hand.by, hand.at, hand.why.strip())
        entries.set_pattern(connection, person, pattern, since, who)
        detail = {"pattern": pattern, "from": str(since), "before": before}
        audit.note(session, hand.by, "hours.pattern", person, detail, hand.at)


def take_back(session: Session, person: str, since: date, hand: Hand) -> None:
    """Take back the pattern that begins on that day: the one before holds on. Raises ScheduleError."""
    somebody(hand)
    connection = session.connection()
    hold(connection, [person])
    mine = (Schedule.person == person, Schedule.since == since)
    pattern = session.scalar(select(Schedule.pattern).where(*mine))
    if pattern is None:
        raise ScheduleError(Rule.GONE)
    Standing(connection, [person], since, since).check(hand, person, since)
    check_open(connection, person, since, _ends(session, [person], since).get(person))
    connection.execute(delete(Schedule).where(*mine))
    touch(connection, [Mark(Whose.PERSON, person, since, date.max)])
    audit.note(session, hand.by, "hours.pattern-back", person, {"pattern": pattern, "from": str(since)}, hand.at)


def entered(session: Session, person: str) -> list[Since]:
    """The patterns that were entered for a person, the newest first."""
    columns = (Schedule.since, Schedule.pattern, Schedule.entered_by, Schedule.reason)
    query = select(*columns).where(Schedule.person == person).order_by(Schedule.since.desc())
    return [Since(*row) for row in session.execute(query)]


def _ends(session: Session, people: Sequence[str], since: date) -> dict[str, date]:
    """The last day of a pattern that begins on `since`, of those for whom another one is entered later."""
    query = (
        select(Schedule.person, func.min(Schedule.since))
        .where(Schedule.person.in_(people), Schedule.since > since)
        .group_by(Schedule.person)
    )
    return {person: following - timedelta(days=1) for person, following in session.execute(query)}


def _check_pattern(standing: Standing, person: str, pattern: str, since: date, until: date | None) -> None:
    """The pattern must be there in every rule set that begins to hold while it does."""
    last = until or since + FARTHEST
    turns = {one.since for one in standing.rules.rule_sets}
    turns |= {one.until + timedelta(days=1) for one in standing.rules.rule_sets if one.until is not None}
    for day in [since, *sorted(turn for turn in turns if since < turn <= last)]:
        held = standing.held(person, day)
        if held is None or any(pattern == each.name for each in held.rules.patterns):
            continue
        known = ", ".join(each.name for each in held.rules.patterns)
        raise ScheduleError(Rule.PATTERN, value=pattern, rules=held.rules.name, day=day, known=known)

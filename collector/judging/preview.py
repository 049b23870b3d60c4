"""What a proposed rule set would do to days that have passed: judged beside what holds, and nothing written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import Connection, select

from collector.judging import book as books
from collector.judging.book import Book
from collector.judging.organisation import read_organisation
from collector.judging.run import chunks, judged
from collector.rules.day import DayResult
from collector.rules.impact import Impact, impact
from collector.rules.rulebook import CONFIRMATIONS, Rulebook, overlaps, succeed
from collector.rules.ruleset import RuleSet
from collector.store.people import Assignment


def preview(  # noqa: PLR0913, PLR0917 - what is tried, on which dates, and when it is
    connection: Connection,
    change: RuleSet,
    since: date,
    until: date,
    today: date,
    between: Callable[[], None] = lambda: None,
) -> Impact:
    """Whom the change would touch had it held on these dates, both included: its own dates are not looked at, so that next
    month's hours can be tried on last month's looks. `between` is called after some hundred person-days: a page ends its
    transaction there, for while that lasts SQLite lets nobody write. Raises RulesError when it clashes."""
    before = books.read_book(connection)
    after = replace(before, rules=_as_if(before, change, since, until, today))
    organisation = read_organisation(connection)
    people = set(connection.scalars(select(Assignment.person).distinct()))
    dates = [since + timedelta(days=count) for count in range((until - since).days + 1)]
    pairs: list[tuple[DayResult, DayResult]] = []
    for chunk in chunks(dict.fromkeys(dates, people)):
        old = judged(connection, organisation, before, chunk)
        new = judged(connection, organisation, after, chunk)
        pairs += _settled((old[key], new[key]) for key in old)
        between()
    return impact(pairs)


def _as_if(before: Book, change: RuleSet, since: date, until: date, today: date) -> Rulebook:
    """The rulebook in which the change holds on the dates that are tried; checked first as it would be approved."""
    rules = before.rules.rule_sets
    succeed(rules, change, today, CONFIRMATIONS, "preview")
    tried = replace(change, since=since, until=until)
    kept = [each for each in rules if each.id != change.id and not overlaps([each, tried])]
    return Rulebook([*kept, tried], before.published, before.overrides)


def _settled(
    pairs: Iterable[tuple[DayResult | None, DayResult | None]],
) -> list[tuple[DayResult, DayResult]]:
    return [(old, new) for old, new in pairs if old is not None and new is not None]

"""Who was not asked to be at work at a moment: a day off, before a shift, or after it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from collector.judging.book import read_book
from collector.judging.evidence import load_schedules
from collector.judging.marks import ONE_DAY, local_date
from collector.judging.organisation import read_organisation
from collector.rules.errors import RulesError
from collector.rules.expected import expected


def off_duty(connection: Connection, moments: Mapping[str, datetime]) -> set[str]:
    """Of people with a moment each, those whom nobody may expect at theirs. A dozen queries, however many they are.

    Whose rules or schedule are contradictory is expected: judging says so already, and a person looks at it.
    """
    if not moments:
        return set()
    days = [local_date(at) for at in moments.values()]
    book = read_book(connection).rules
    facts = load_schedules(connection, read_organisation(connection), sorted(moments), min(days) - ONE_DAY, max(days))
    found = set()
    for name in moments.keys() & facts.known.keys():
        try:
            day = local_date(moments[name])
            if not expected(facts.person(name, day - ONE_DAY), facts.person(name, day), moments[name], book):
                found.add(name)
        except (RulesError, LookupError):
            continue
    return found

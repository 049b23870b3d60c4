"""Where people's places are at a moment: at work, at a gathering, or off duty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from collector.judging.book import read_book
from collector.judging.evidence import load_schedules
from collector.judging.marks import ONE_DAY, local_date
from collector.judging.organisation import read_organisation
from collector.rules.errors import RulesError
from collector.rules.expected import AT_WORK, Place, place


def places(connection: Connection, moments: Mapping[str, datetime]) -> dict[str, Place]:
    """Of people with a moment each, where their place is at theirs. A dozen queries, however many they are.

    Whose rules or schedule are contradictory is expected at work: judging says so already, and a person looks at it.
    """
    if not moments:
        return {}
    days = [local_date(at) for at in moments.values()]
    book = read_book(connection).rules
    facts = load_schedules(connection, read_organisation(connection), sorted(moments), min(days) - ONE_DAY, max(days))
    found = dict.fromkeys(moments, AT_WORK)
    for name in moments.keys() & facts.known.keys():
        try:
            day = local_date(moments[name])
            found[name] = place(facts.person(name, day - ONE_DAY), facts.person(name, day), moments[name], book)
        except (RulesError, LookupError):
            continue
    return found

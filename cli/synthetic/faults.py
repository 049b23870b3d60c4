"""What goes wrong in the invented month: machines that fail, and people who try."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from cli.synthetic.habits import Coming, hours
from cli.synthetic.ledger import Faults, Plan
from collector.rules.hours import WIB

Event = tuple[datetime, str, tuple[tuple[str, Any], ...]]

OFFLINE = 0.05
"""Share of kiosks that are without network for some days."""


def with_faults(chance: Random, plans: Sequence[Plan]) -> list[Plan]:
    """The same kiosks with a month's faults; every sort happens at least once."""
    days = plans[0].days
    dealt = list(plans)
    chance.shuffle(dealt)
    few = max(1, len(dealt) // 150)
    faults: dict[str, Faults] = {plan.id: Faults() for plan in dealt}

    def give(count: int, **changed: Any) -> None:
        for plan in chance.sample(dealt, min(count, len(dealt))):
            faults[plan.id] = replace(faults[plan.id], **changed)

    for _ in range(max(2, round(len(dealt) * OFFLINE))):
        since = chance.choice(days)
        give(1, offline=(since, since + timedelta(days=chance.randint(1, 6))))
    give(few, late=frozenset(chance.sample(days, min(len(days), 7))))
    give(2 * few, timeless=frozenset(chance.sample(days, 1)))
    give(few, lost=chance.randint(1, 4))
    for plan in chance.sample(dealt, min(len(dealt), 12 * few)):
        faults[plan.id] = replace(faults[plan.id], events=(_event(chance, plan),))
    visits = _visits(chance, dealt)
    return [replace(plan, faults=faults[plan.id], visits=tuple(visits[plan.id])) for plan in plans]


def _event(chance: Random, plan: Plan) -> Event:
    working = [day for day in plan.days if hours(plan.kind, day)] or list(plan.days)
    at = datetime.combine(chance.choice(working), time(6, 50), WIB) + timedelta(minutes=chance.uniform(0, 500))
    person = (("person", chance.choice(plan.habits).person),) if plan.habits else ()
    sorts: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = (
        ("spoof", person),
        ("spoof", ()),
        ("covered-face", ()),
        ("clock-stepped", (("offset_ms", chance.choice((-1, 1)) * chance.randint(130_000, 5_400_000)),)),
        ("place-changed", ()),
    )
    return (at, *chance.choice(sorts))


def _visits(chance: Random, plans: Sequence[Plan]) -> dict[str, list[Coming]]:
    """People at the wrong unit, at two places within minutes, and several within a second."""
    found: dict[str, list[Coming]] = defaultdict(list)
    busy = [plan for plan in plans if len(plan.habits) >= 3]
    for number in range(max(3, len(plans) // 12)):
        home, other = chance.sample(busy, 2)
        day = chance.choice([each for each in home.days if hours(home.kind, each)] or home.days)
        sort = (_elsewhere, _twice, _series)[number % 3]
        for plan, coming in sort(chance, home, other, datetime.combine(day, time(9), WIB)):
            found[plan.id].append(coming)
    return found


def _elsewhere(chance: Random, home: Plan, other: Plan, at: datetime) -> Iterator[tuple[Plan, Coming]]:
    yield other, Coming(at + timedelta(minutes=chance.uniform(60, 150)), chance.choice(home.habits).person)


def _twice(chance: Random, home: Plan, other: Plan, at: datetime) -> Iterator[tuple[Plan, Coming]]:
    person = chance.choice(home.habits).person
    yield home, Coming(at, person)
    yield other, Coming(at + timedelta(seconds=chance.uniform(40, 130)), person)


def _series(chance: Random, home: Plan, _other: Plan, at: datetime) -> Iterator[tuple[Plan, Coming]]:
    for number, one in enumerate(chance.sample(home.habits, 3)):
        yield home, Coming(at + timedelta(milliseconds=310 * number), one.person)

"""The year's counters that the database reckons are those that the pure rules reckon from every day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from collector.recap.source import _result
from collector.reports.tallies import longest, tallies
from collector.rules.day import DayResult
from collector.rules.discipline import Tally, reckoned, standing
from collector.rules.ready import PP_94_2021
from collector.store import migrate
from collector.store.engine import open_engine
from collector.store.results import DayRow

UNTIL = date(2026, 3, 31)
DAYS = [date(2025, 11, 20) + timedelta(days=count) for count in range(150)]
CODES = ("H", "H", "H TL1", "H PSW4 TA", "TK", "TK", "TK", "CT", "LB")


def day_row(chance: Random, person: str, day: date) -> dict[str, Any]:
    codes = "LB" if day.weekday() > 4 else chance.choice(CODES)
    late, early = (chance.randint(1, 90) if found in codes else 0 for found in ("TL", "PSW"))
    return {
        "person": person,
        "day": day,
        "unit": "U",
        "state": chance.choice(("final",) * 8 + ("review", "open")),
        "codes": f" {codes} ",
        "working": codes != "LB",
        "minutes_late": late,
        "minutes_early": early,
        "no_check_in": False,
        "no_check_out": False,
        "percent_milli": 0,
        "rules": "r/1",
        "rules_digest": "",
        "document": b"",
        "digest": "",
        "made_at": datetime(2026, 1, 1, tzinfo=UTC),
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_database_reckons_like_the_rules(store_url: str, seed: int) -> None:
    chance = Random(seed)
    rows = [day_row(chance, f"p{number}", day) for number in range(8) for day in DAYS]
    engine = open_engine(store_url)
    migrate.upgrade(engine)
    with Session(engine) as session:
        session.execute(insert(DayRow), rows)
        session.commit()
        people = [f"p{number}" for number in range(9)]
        found, every = tallies(session, 2026, UNTIL, people), tallies(session, 2026, UNTIL)
        quick = tallies(session, 2026, UNTIL, shortest=4)
    engine.dispose()
    results = [result(row) for row in rows if row["day"] <= UNTIL]
    for person in people:
        told = found.get(person, Tally(person))
        assert reckoned(told, 2026, PP_94_2021) == standing(person, 2026, results, PP_94_2021)
        assert every.get(person, Tally(person)) == told
        assert quick.get(person, Tally(person)).longest_row in (
            {told.longest_row} if told.longest_row > 3 else {1, told.longest_row}
        )


def result(row: dict[str, Any]) -> DayResult:
    names = ("person", "day", "state", "codes", "working", "minutes_late", "minutes_early")
    return _result(*(row[name] for name in (*names, "no_check_in", "no_check_out", "percent_milli", "unit", "rules")))


def test_ten_days_in_a_row_may_begin_in_december_and_go_over_days_off() -> None:
    first = date(2025, 12, 29)
    row = [first + timedelta(days=count) for count in (0, 1, 2, 7, 8)]
    assert longest(row, [], 2026) == 5
    assert longest(row, [date(2026, 1, 2)], 2026) == 2
    assert longest(row[:3], [], 2026) == 0

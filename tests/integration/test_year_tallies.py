"""The year's counters that are kept are those that the pure rules reckon from every day, whatever changed in what order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from alembic import command
from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from collector.judging.results import forget_results, write_results
from collector.judging.years import renew_all
from collector.reports.tallies import tallies
from collector.rules.codes import Code, State
from collector.rules.day import DayResult
from collector.rules.discipline import Tally, reckoned, standing
from collector.rules.ready import PP_94_2021
from collector.store import migrate
from collector.store.engine import open_engine
from collector.store.writer import Writer
from collector.store.years import COUNTERS, PERSON_YEARS
from tests.stores import lay_tables

NOW = datetime(2027, 1, 20, tzinfo=UTC)
YEARS = (2026, 2027)
PEOPLE = ("p1", "p2", "p3")
DAYS = [date(2026, 12, 1) + timedelta(days=count) for count in range(45)]
LOOKS = (
    *((State.FINAL, (Code.H,), True, 0), (State.FINAL, (Code.H, Code.TL1), True, 20)),
    *((State.FINAL, (Code.H, Code.PSW4, Code.TA), True, 95), (State.FINAL, (Code.CT,), True, 0)),
    *((State.FINAL, (Code.LB,), False, 0), (State.OPEN, (Code.H, Code.TL1), True, 20), (State.REVIEW, (), True, 0)),
)
MISSED = (State.FINAL, (Code.TK,), True, 0)

Days = dict[tuple[str, date], DayResult]


@pytest.fixture
def connection(store_url: str) -> Iterator[Connection]:
    with Writer(open_engine(store_url)) as writer:
        lay_tables(writer.engine)
        with writer.transaction() as connection:
            yield connection


def result(person: str, day: date, look: tuple[State, tuple[Code, ...], bool, int]) -> DayResult:
    state, codes, working, minutes = look
    late = minutes if Code.TL1 in codes else 0
    return DayResult(
        person=person,
        day=day,
        unit="U",
        state=state,
        codes=codes,
        working=working,
        minutes_late=late,
        minutes_early=minutes - late,
    )


def change(chance: Random) -> dict[tuple[str, date], DayResult | None]:
    """Some days of some people become something else; now and then one is not there any more."""
    found: dict[tuple[str, date], DayResult | None] = {}
    for person in chance.sample(PEOPLE, chance.randint(1, len(PEOPLE))):
        start = chance.randrange(len(DAYS))
        for day in chance.sample(DAYS[start : start + 12], chance.randint(1, min(8, len(DAYS) - start))):
            look = MISSED if chance.random() < 0.5 else chance.choice(LOOKS)
            found[person, day] = None if chance.random() < 0.08 else result(person, day, look)
    return found


def kept(connection: Connection) -> dict[tuple[str, int], Tally]:
    table = PERSON_YEARS.c
    rows = connection.execute(select(table.year, table.person, *(table[name] for name in COUNTERS)))
    return {(person, year): Tally(person, *counts) for year, person, *counts in rows}


def assert_like_the_rules(connection: Connection, days: Days) -> None:
    found = kept(connection)
    for person in PEOPLE:
        for year in YEARS:
            told = reckoned(found.get((person, year), Tally(person)), year, PP_94_2021)
            mine = [each for each in days.values() if each.day <= date(year, 12, 31)]
            assert told == standing(person, year, mine, PP_94_2021), (person, year)
    assert all(tally.absent or tally.minutes for tally in found.values())


def apply(days: Days, changed: Mapping[tuple[str, date], DayResult | None]) -> None:
    for key, each in changed.items():
        if each is None:
            days.pop(key, None)
        else:
            days[key] = each


@pytest.mark.parametrize("seed", range(4))
def test_kept_counters_are_those_of_the_rules_after_every_change(connection: Connection, seed: int) -> None:
    chance, days = Random(seed), Days()
    for _ in range(30):
        changed = change(chance)
        write_results(connection, changed, {}, NOW)
        apply(days, changed)
        assert_like_the_rules(connection, days)
    before = kept(connection)
    assert max(tally.longest_row for tally in before.values()) > 3
    renew_all(connection)
    assert kept(connection) == before


def test_a_database_from_before_gets_the_counters_of_the_days_it_has(store_url: str) -> None:
    with Writer(open_engine(store_url)) as writer:
        lay_tables(writer.engine)
        chance = Random(7)
        with writer.transaction() as connection:
            for _ in range(30):
                write_results(connection, change(chance), {}, NOW)
            before = kept(connection)
            connection.execute(text("DROP TABLE person_years"))
            connection.execute(text("UPDATE alembic_version SET version_num = '0026'"))
            configuration = migrate._configuration()
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "0027")
            assert kept(connection) == before
            assert len({year for _, year in before}) == 2


@pytest.mark.parametrize("seed", [1, 2])
def test_counters_up_to_a_date_in_the_past_are_those_of_the_rules(connection: Connection, seed: int) -> None:
    chance, until, days = Random(seed), date(2027, 1, 8), Days()
    for _ in range(30):
        changed = change(chance)
        write_results(connection, changed, {}, NOW)
        apply(days, changed)
    with Session(connection) as session:
        some, every = tallies(session, 2027, until, PEOPLE[:2]), tallies(session, 2027, until)
        newest = tallies(session, 2027, date(2027, 12, 31))
    assert newest == {person: tally for (person, year), tally in kept(connection).items() if year == 2027}
    mine = [each for each in days.values() if each.day <= until]
    for person in PEOPLE:
        told = reckoned(every.get(person, Tally(person)), 2027, PP_94_2021)
        assert told == standing(person, 2027, mine, PP_94_2021)
        assert some.get(person) == (every.get(person) if person in PEOPLE[:2] else None)


def test_ten_days_in_a_row_may_begin_in_december_and_go_over_days_off(connection: Connection) -> None:
    first = date(2026, 12, 29)
    missed = [first + timedelta(days=count) for count in (0, 1, 2, 7, 8)]
    write_results(connection, {("p1", day): result("p1", day, MISSED) for day in missed}, {}, NOW)
    assert kept(connection)["p1", 2027] == Tally("p1", 2, 0, 5)
    between = date(2027, 1, 2)
    write_results(connection, {("p1", between): result("p1", between, LOOKS[0])}, {}, NOW)
    assert kept(connection) == {("p1", 2026): Tally("p1", 3, 0, 3), ("p1", 2027): Tally("p1", 2, 0, 2)}
    write_results(connection, {("p1", between): None}, {}, NOW)
    assert kept(connection)["p1", 2027].longest_row == 5


def test_whose_results_are_forgotten_is_in_no_sum(connection: Connection) -> None:
    for person in PEOPLE[:2]:
        write_results(connection, {(person, DAYS[0]): result(person, DAYS[0], MISSED)}, {}, NOW)
    forget_results(connection, ["p1", "p3"])
    assert kept(connection) == {("p2", 2026): Tally("p2", 1, 0, 1)}
    assert connection.execute(text("SELECT people, tk FROM unit_days")).all() == [(1, 1)]
    forget_results(connection, ["p2"])
    assert kept(connection) == {}
    assert connection.execute(text("SELECT * FROM unit_days")).all() == []

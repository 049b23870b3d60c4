"""An OPD of many schools: what a day waits for, and whom a heartbeat makes the judge look at again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from collector.judging.expand import Expansion
from collector.judging.marks import Mark, Whose
from collector.judging.organisation import KnownKiosk, KnownUnit, Organisation, read_organisation
from collector.people.scope import Tree
from collector.rules.evidence import KioskState
from collector.store.engine import open_engine
from collector.store.people import Assignment, Kiosk, Person, Unit
from collector.store.results import DayRow, KioskMark, OpenedDay
from collector.store.writer import Writer
from tests.stores import lay_tables

DAY = date(2026, 1, 5)
EVENING = datetime(2026, 1, 5, 13, tzinfo=UTC)
SCHOOLS = ("SD1", "SD2", "SD3")
UNITS = [KnownUnit("DISDIK", "opd", None), *(KnownUnit(code, "school", "DISDIK") for code in SCHOOLS)]
TREE = Tree(UNITS)
HOURS = st.one_of(st.none(), st.integers(-3, 3).map(lambda hours: EVENING + timedelta(hours=hours)))


def kiosk(
    number: int, unit: str, complete: datetime | None, *, finished: bool = False, used: bool = True
) -> KnownKiosk:
    return KnownKiosk(
        id=f"k{number:02}",
        scope=TREE.below("DISDIK"),
        own=TREE.below(unit),
        since=DAY - timedelta(days=9),
        until=None if used else DAY,
        complete_until=complete,
        finished=finished,
    )


KIOSKS = st.lists(st.tuples(st.sampled_from(("DISDIK", *SCHOOLS)), HOURS, st.booleans(), st.booleans()), max_size=8)


@given(KIOSKS, st.sets(st.sampled_from(("DISDIK", *SCHOOLS)), min_size=1, max_size=2))
def test_the_kiosks_that_are_handed_over_decide_like_all_of_them(
    told: list[tuple[str, datetime | None, bool, bool]], units: set[str]
) -> None:
    kiosks = [
        kiosk(number, unit, complete, finished=finished, used=used)
        for number, (unit, complete, finished, used) in enumerate(told)
    ]
    organisation = Organisation(UNITS, TREE, kiosks)
    place = frozenset(units)
    every, few = organisation.states(place, DAY), organisation.waited_for(place, DAY)
    assert [state for state in every if state.at_place] == [state for state in few if state.at_place]
    assert behind(every) == behind(few)
    assert sum(not state.at_place for state in few) <= 1


def behind(states: tuple[KioskState, ...]) -> tuple[list[str], bool]:
    """What the judge asks: who at the place is behind, and whether anybody elsewhere is."""
    late = [
        each
        for each in states
        if not each.finished and (each.complete_until or EVENING.min.replace(tzinfo=UTC)) < EVENING
    ]
    return [each.kiosk for each in late if each.at_place], any(not each.at_place for each in late)


@pytest.fixture
def connection(store_url: str) -> Iterator[Connection]:
    with Writer(open_engine(store_url)) as writer:
        lay_tables(writer.engine)
        with writer.transaction() as connection:
            fill(connection)
            yield connection


def fill(connection: Connection) -> None:
    rows = [{"code": unit.code, "name": unit.code, "kind": unit.kind, "parent": unit.parent} for unit in UNITS]
    connection.execute(insert(Unit), rows)
    registered = EVENING - timedelta(days=9)
    made = [{"id": f"k-{code.lower()}", "unit": code, "scope": "opd", "registered_at": registered} for code in SCHOOLS]
    connection.execute(insert(Kiosk), made)
    people = [{"id": f"p-{code.lower()}", "name": code, "status": "PNS"} for code in SCHOOLS]
    connection.execute(insert(Person), people)
    posts = [{"person": f"p-{code.lower()}", "unit": code, "from_day": DAY} for code in SCHOOLS]
    connection.execute(insert(Assignment), posts)
    connection.execute(insert(OpenedDay).values(day=DAY, opened_at=EVENING))
    connection.execute(insert(DayRow), [open_day(code) for code in SCHOOLS])


def open_day(code: str) -> dict[str, object]:
    sums = dict.fromkeys(("minutes_late", "minutes_early", "percent_milli"), 0)
    flags = dict.fromkeys(("no_check_in", "no_check_out"), False)
    texts = dict.fromkeys(("codes", "rules", "rules_digest", "digest"), "")
    who = {"person": f"p-{code.lower()}", "day": DAY, "unit": code, "state": "open", "working": True}
    return {**who, **sums, **flags, **texts, "closes": EVENING, "document": b"{}", "made_at": EVENING}


def told(connection: Connection, complete: dict[str, datetime], spoke: str) -> set[str]:
    """Whom a heartbeat of one school's kiosk has judged again, when the kiosks are complete so far."""
    connection.execute(KioskMark.__table__.delete())  # type: ignore[attr-defined]
    connection.execute(
        insert(KioskMark), [{"kiosk": f"k-{code.lower()}", "complete_until": at} for code, at in complete.items()]
    )
    mark = Mark(Whose.WAITING, f"k-{spoke.lower()}", date.min, date.max)
    return Expansion(connection, read_organisation(connection)).days([mark]).get(DAY, set())


def test_a_heartbeat_moves_its_own_place_and_others_only_when_nobody_elsewhere_is_missing(
    connection: Connection,
) -> None:
    night, noon = EVENING + timedelta(hours=1), EVENING - timedelta(hours=8)
    assert told(connection, {"SD1": night, "SD2": noon, "SD3": noon}, "SD1") == {"p-sd1"}
    assert told(connection, {"SD1": night, "SD2": night, "SD3": noon}, "SD2") == {"p-sd2", "p-sd3"}
    assert told(connection, {"SD1": night, "SD2": night, "SD3": night}, "SD3") == {"p-sd1", "p-sd2", "p-sd3"}
    assert told(connection, {"SD1": noon, "SD2": noon, "SD3": noon}, "SD1") == set()

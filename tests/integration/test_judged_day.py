"""From sealed records to judged days in the database, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, update

from collector.judging import entries
from collector.judging.entries import Decided, Finished
from collector.judging.marks import Mark, Whose, touch
from collector.judging.recompute import recompute
from collector.judging.run import judge_marked
from collector.rules.codes import Code, ReasonKind, State
from collector.rules.day import DayResult
from collector.rules.evidence import Disaster, Effect, Manual, ManualWhy, Permit, Ruling
from collector.rules.hours import Turn
from collector.store.people import Assignment, Person, PublishedEntry, PublishedRoster, Template, Unit
from collector.store.records import KioskStatus
from collector.store.results import DayRow
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.judged_office import NOW, WEEK, Wall, at, hours, judge, open_week, results, settle

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = WEEK


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as centre:
        yield centre


@pytest.fixture
def wall(centre: Centre) -> Wall:
    """A kiosk whose people were all seen on the Friday before, so that their faces are known."""
    wall = Wall(FakeKiosk("kiosk-1"), booted=at(date(2026, 1, 2), "00:00"))
    settle(centre, wall.kiosk)
    open_week(centre)
    for person in ("p-1", "p-2", "p-3", "p-4"):
        wall.look(date(2026, 1, 2), "07:00", person)
    return wall


def take(centre: Centre, wall: Wall) -> None:
    centre.take(*wall.messages())


def day(centre: Centre, who: str, on: date) -> DayResult:
    return results(centre)[who, on]


def whole(wall: Wall, on: date, *looks: tuple[str, str]) -> None:
    """A day whose kiosk served throughout, with looks in between."""
    told = sorted([(clock, who) for clock, who in looks] + [(f"{hour:02d}:55", "") for hour in range(24)])
    for clock, who in told:
        if who:
            wall.look(on, clock, who)
        else:
            wall.beat(on, clock)


def test_nobody_is_late_or_absent_before_the_kiosk_is_complete(centre: Centre, wall: Wall) -> None:
    whole(wall, MONDAY, ("07:45", "p-1"), ("16:10", "p-1"))
    take(centre, wall)
    judge(centre)
    assert day(centre, "p-1", MONDAY).state is State.OPEN
    assert day(centre, "p-1", MONDAY).codes == (Code.H,)
    assert day(centre, "p-2", MONDAY).codes == ()
    wall.beat(TUESDAY, "00:55")
    take(centre, wall)
    judge(centre)
    assert day(centre, "p-1", MONDAY).codes == (Code.H, Code.TL1, Code.TA)
    assert day(centre, "p-2", MONDAY).codes == (Code.TK, Code.TA)
    assert day(centre, "p-2", TUESDAY).state is State.OPEN


def test_a_late_record_touches_its_own_person_days_alone(centre: Centre, wall: Wall) -> None:
    for on in WEEK[:4]:
        whole(wall, on, ("07:10", "p-1"), ("16:10", "p-1"), ("07:40", "p-2"), ("16:10", "p-2"))
    messages = list(wall.messages())
    late = Wall(FakeKiosk("kiosk-2"), booted=at(MONDAY, "00:00"))
    centre.register(late.kiosk)
    centre.take(*messages)
    for on in WEEK[:4]:
        hours(late, on)
    centre.take(*late.messages())
    judge(centre)
    assert day(centre, "p-2", TUESDAY).codes == (Code.H, Code.TL1)
    written = NOW + timedelta(days=1)
    late.look(TUESDAY, "07:05", "p-2")
    take(centre, late)
    judge(centre, NOW)
    judge(centre, written)
    assert day(centre, "p-2", TUESDAY).codes == (Code.H,)
    with centre.writer.transaction() as connection:
        connection.execute(update(DayRow).values(made_at=NOW - timedelta(days=9)))
    late.look(WEDNESDAY, "07:05", "p-2")
    take(centre, late)
    judge(centre, written)
    with centre.writer.transaction() as connection:
        changed = connection.execute(select(DayRow.person, DayRow.day).where(DayRow.made_at == written)).all()
    assert [tuple(row) for row in changed] == [("p-2", WEDNESDAY)]


def test_entries_change_a_day_and_taking_them_back_gives_the_same_bytes(centre: Centre, wall: Wall) -> None:
    whole(wall, MONDAY)
    whole(wall, TUESDAY)
    wall.beat(WEDNESDAY, "08:00")
    take(centre, wall)
    judge(centre)
    before = centre.rows("day_results")
    letter = Permit(person="p-1", code=Code.DL, since=MONDAY, until=TUESDAY, letter="800/1")
    ruling = Ruling(person="p-2", day=MONDAY, effect=Effect.EXCUSE_DAY, entry="sanggahan-1")
    flood = Disaster(unit="DISDIK", since=at(TUESDAY, "06:00"), until=at(TUESDAY, "18:00"), name="Semeru")
    with centre.writer.transaction() as connection:
        numbers = [entries.enter(connection, fact, "bkd-1", "surat", NOW) for fact in (letter, ruling, flood)]
    judge(centre)
    assert day(centre, "p-1", MONDAY).codes == day(centre, "p-1", TUESDAY).codes == (Code.DL,)
    assert ReasonKind.RULING in {each.kind for each in day(centre, "p-2", MONDAY).reasons}
    assert ReasonKind.DISASTER in {each.kind for each in day(centre, "p-3", TUESDAY).reasons}
    with centre.writer.transaction() as connection:
        for number in numbers:
            entries.withdraw(connection, number, "bkd-1", NOW)
    judge(centre)
    hidden = {"made_at"}
    assert _without(centre.rows("day_results"), hidden) == _without(before, hidden)


def _without(rows: list[dict[str, object]], hidden: set[str]) -> list[str]:
    return sorted(str({key: value for key, value in row.items() if key not in hidden}) for row in rows)


def test_a_rota_and_a_night_shift_are_judged_from_the_tables(centre: Centre, wall: Wall) -> None:
    whole(wall, MONDAY, ("20:50", "p-1"))
    whole(wall, TUESDAY, ("07:20", "p-1"))
    wall.beat(WEDNESDAY, "08:00")
    take(centre, wall)
    with centre.writer.transaction() as connection:
        entries.set_pattern(connection, "p-1", "shift", MONDAY, Decided("bkd-1", NOW))
        night, off = Turn(day=MONDAY, shift="malam"), Turn(day=TUESDAY, shift=None, off=Code.LJ)
        entries.set_turns(connection, {("p-1", MONDAY): night, ("p-1", TUESDAY): off})
    judge(centre)
    assert day(centre, "p-1", MONDAY).codes == (Code.H,)
    assert day(centre, "p-1", TUESDAY).codes == (Code.LJ,)
    assert day(centre, "p-1", WEDNESDAY).state is State.REVIEW


def test_a_schedule_that_contradicts_itself_stops_nobody_else(centre: Centre, wall: Wall) -> None:
    whole(wall, MONDAY)
    wall.beat(TUESDAY, "08:00")
    take(centre, wall)
    with centre.writer.transaction() as connection:
        entries.set_pattern(connection, "p-1", "no-such-pattern", MONDAY, Decided("bkd-1", NOW))
    judge(centre)
    assert [each.kind for each in day(centre, "p-1", MONDAY).reasons] == [ReasonKind.CONTRADICTION]
    assert day(centre, "p-1", MONDAY).state is State.REVIEW
    assert Code.TK in day(centre, "p-2", MONDAY).codes


def test_an_outage_in_the_arrival_time_excuses_by_itself(centre: Centre, wall: Wall) -> None:
    hours(wall, MONDAY, 0, 5)
    wall.beat(MONDAY, "09:00", "start")
    wall.look(MONDAY, "09:05", "p-1")
    wall.look(MONDAY, "16:30", "p-1")
    hours(wall, MONDAY, 17)
    wall.beat(TUESDAY, "01:00")
    take(centre, wall)
    judge(centre)
    assert day(centre, "p-1", MONDAY).codes == (Code.H,)
    assert ReasonKind.OUTAGE in {each.kind for each in day(centre, "p-1", MONDAY).reasons}


def test_a_dead_kiosk_blocks_until_it_is_declared_finished(centre: Centre, wall: Wall) -> None:
    whole(wall, MONDAY, ("07:10", "p-1"), ("16:10", "p-1"))
    wall.beat(TUESDAY, "08:00")
    dead = Wall(FakeKiosk("kiosk-2"), booted=at(MONDAY, "00:00"))
    centre.register(dead.kiosk)
    dead.beat(MONDAY, "05:00", "start")
    take(centre, wall)
    take(centre, dead)
    judge(centre)
    assert day(centre, "p-1", MONDAY).state is State.OPEN
    with centre.writer.transaction() as connection:
        entries.enter(connection, Finished(kiosk="kiosk-2"), "bkd-1", "terendam banjir", NOW)
    judge(centre)
    assert day(centre, "p-1", MONDAY).state is State.FINAL
    assert Code.TK in day(centre, "p-2", MONDAY).codes


def test_who_was_never_enrolled_is_not_absent_until_they_are(centre: Centre, wall: Wall) -> None:
    with centre.writer.session() as session:
        session.add(Person(id="p-9", name="Baru", status="PPPK"))
        session.flush()
        session.add(Assignment(person="p-9", unit="DISDIK", from_day=date(2020, 1, 1)))
    for on in WEEK[:4]:
        whole(wall, on)
    wall.beat(FRIDAY, "08:00")
    take(centre, wall)
    with centre.writer.transaction() as connection:
        line = Manual(person="p-9", at=at(MONDAY, "07:20"), why=ManualWhy.NOT_ENROLLED, list="daftar-1")
        entries.enter(connection, line, "kepala", "daftar hadir manual", NOW)
    judge(centre)
    assert Code.TK not in day(centre, "p-9", MONDAY).codes
    assert day(centre, "p-9", MONDAY).first_in == at(MONDAY, "07:20")
    with centre.writer.session() as session:
        session.add(Template(person="p-9", model="m", vector=b"", photos=1, made_at=at(TUESDAY, "12:00")))
    judge(centre)
    assert Code.TK in day(centre, "p-9", THURSDAY).codes
    assert Code.TK not in day(centre, "p-9", TUESDAY).codes


def test_a_roster_that_has_not_arrived_excuses_and_says_so(centre: Centre, wall: Wall) -> None:
    for on in WEEK[:3]:
        whole(wall, on)
    wall.beat(THURSDAY, "08:00")
    take(centre, wall)
    with centre.writer.session() as session:
        session.add(PublishedRoster(kiosk="kiosk-1", version=7, at=at(MONDAY, "05:00"), sealed=""))
        session.add(PublishedEntry(kiosk="kiosk-1", person="p-1", content="c", digest="d", sealed="s"))
    judge(centre)
    assert ReasonKind.ROSTER_LATE in {each.kind for each in day(centre, "p-1", TUESDAY).reasons}
    assert Code.TK in day(centre, "p-2", TUESDAY).codes
    with centre.writer.session() as session:
        session.add(_status(at(TUESDAY, "18:00"), roster_version=7))
    judge(centre)
    assert Code.TK not in day(centre, "p-1", TUESDAY).codes
    assert Code.TK in day(centre, "p-1", WEDNESDAY).codes


def _status(when: datetime, roster_version: int) -> KioskStatus:
    return KioskStatus(
        kiosk="kiosk-1",
        at=when,
        received_at=when,
        online=True,
        version="1",
        state="in-service",
        backlog=0,
        roster_version=roster_version,
        last_seq=1,
    )


def test_recomputing_gives_the_same_bytes_and_opens_days_that_were_never_judged(centre: Centre, wall: Wall) -> None:
    for on in WEEK:
        whole(wall, on, ("07:20", "p-1"), ("16:35", "p-1"))
    take(centre, wall)
    judge(centre)
    once = recompute(centre.writer, MONDAY, FRIDAY, NOW)
    again = recompute(centre.writer, MONDAY, FRIDAY, NOW + timedelta(days=400), "DISDIK")
    assert (once.changed, again.changed, once.results) == (0, 0, 20)
    assert once.digest == again.digest
    with centre.writer.transaction() as connection:
        for table in ("record_moments", "day_results", "kiosk_marks", "kiosk_outages", "enrolled"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    assert recompute(centre.writer, MONDAY, FRIDAY, NOW).digest == once.digest
    before = recompute(centre.writer, date(2025, 12, 29), date(2025, 12, 31), NOW)
    assert before.results == 12


def test_queries_do_not_grow_with_people(centre: Centre, wall: Wall) -> None:
    whole(wall, MONDAY)
    take(centre, wall)
    judge(centre)
    few = _queries(centre, 4)
    with centre.writer.session() as session:
        session.add_all(Person(id=f"q-{n}", name="Q", status="PNS") for n in range(200))
        session.flush()
        session.add_all(Assignment(person=f"q-{n}", unit="DISDIK", from_day=date(2020, 1, 1)) for n in range(200))
    _queries(centre, 204)
    assert _queries(centre, 204) == few


def _queries(centre: Centre, people: int) -> int:
    """Statements of judging everybody's Monday again."""
    with centre.writer.transaction() as connection:
        touch(connection, [Mark(Whose.ALL, "", MONDAY, MONDAY)])
    count = 0

    def counted(_connection: Connection, _cursor: object, _statement: str, *_rest: object) -> None:
        nonlocal count
        count += 1

    event.listen(centre.writer.engine, "before_cursor_execute", counted)
    assert judge_marked(centre.writer, datetime(2026, 1, 10, tzinfo=UTC)).judged == people
    event.remove(centre.writer.engine, "before_cursor_execute", counted)
    return count


def test_the_sums_by_unit_are_those_of_the_days_whatever_moved(centre: Centre, wall: Wall) -> None:
    whole(wall, MONDAY, ("07:10", "p-1"), ("07:50", "p-2"), ("16:10", "p-1"), ("16:11", "p-2"))
    wall.beat(TUESDAY, "00:55")
    centre.take(*wall.messages())
    judge(centre)
    before = sums(centre)
    assert [before[MONDAY, "DISDIK"][name] for name in ("people", "h", "tk", "tl1", "minutes_late")] == [4, 2, 2, 1, 20]
    assert before[TUESDAY, "DISDIK"]["open"] == 4
    with centre.writer.session() as session:
        session.add(Unit(code="BKD", name="BKD"))
        session.flush()
        session.execute(update(Assignment).where(Assignment.person == "p-2").values(unit="BKD"))
        touch(session.connection(), [Mark(Whose.PERSON, "p-2", MONDAY, MONDAY)])
    judge(centre)
    after = sums(centre)
    assert [after[MONDAY, "DISDIK"][name] for name in ("people", "h", "tk", "tl1", "minutes_late")] == [3, 1, 2, 0, 0]
    assert after[MONDAY, "BKD"]["people"] == 1


def sums(centre: Centre) -> dict[tuple[date, str], dict[str, Any]]:
    return {(row["day"], row["unit"]): row for row in centre.rows("unit_days")}

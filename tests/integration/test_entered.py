"""What people enter beside the records: lists, disasters, dead kiosks, and what is open of a month."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.entered import closing, declaring, listing, lists, waiting
from collector.entered.closing import Standings
from collector.entered.declaring import Calamity
from collector.entered.errors import ConfirmError, ListError
from collector.entered.listing import Choice
from collector.entered.lists import Filing, Line, Word
from collector.judging import entries
from collector.judging.entries import EntryKind
from collector.judging.errors import EntryError, MonthError
from collector.judging.months import Hindrance, Order, close_month, hindrance
from collector.recap.month import Month
from collector.reports.units import read_units
from collector.rules.codes import Code, ReasonKind, State
from collector.rules.evidence import Disaster, ManualWhy
from collector.store.engine import open_engine
from collector.store.hours import Entry
from collector.store.people import Assignment, Template, Unit
from collector.store.writer import Writer
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures import judged_office
from tests.fixtures.at_once import at_once
from tests.fixtures.judged_office import MONDAY, NOW, PEOPLE, WEEK, Wall, at, hours, open_week, results, settle

TUESDAY = WEEK[1]
NIGHT = at(MONDAY, "23:30")
BROKEN = Filing(
    unit="DISDIK",
    day=MONDAY,
    why=ManualWhy.DEVICE_BROKEN,
    number="L-1",
    lines=(Line("p-2", time(7, 20), time(16, 30)), Line("p-3", time(7, 40), None)),
)
HEAD = Word("kepala", NOW, "ada di tempat")


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    """On Monday kiosk-1 told all it knew, kiosk-2 fell silent at five and never came back; p-1 was there."""
    with opened(store_url, tmp_path) as centre:
        wall, dead = Wall(FakeKiosk("kiosk-1")), Wall(FakeKiosk("kiosk-2"))
        settle(centre, wall.kiosk, dead.kiosk)
        with centre.writer.session() as session:
            long_ago = at(date(2025, 1, 6), "08:00")
            session.add_all(Template(person=one, model="m", vector=b"", photos=1, made_at=long_ago) for one in PEOPLE)
        hours(wall, MONDAY, 0, 6)
        wall.look(MONDAY, "07:10", "p-1")
        hours(wall, MONDAY, 7, 15)
        wall.look(MONDAY, "16:10", "p-1")
        hours(wall, MONDAY, 16)
        hours(wall, TUESDAY, 0, 8)
        dead.beat(MONDAY, "05:00", "start")
        centre.take(*wall.messages(), *dead.messages())
        open_week(centre, [MONDAY])
        judge(centre)
        yield centre


def judge(centre: Centre, now: datetime = NIGHT) -> None:
    judged_office.judge(centre, now)


def became(centre: Centre, person: str) -> Any:
    return results(centre)[person, MONDAY]


def told(centre: Centre, person: str) -> set[ReasonKind]:
    return {each.kind for each in became(centre, person).reasons}


def declare_dead(centre: Centre) -> str:
    with centre.writer.transaction() as connection:
        return declaring.declare_finished(connection, "kiosk-2", "bkd", "terendam banjir", NOW)


def test_days_wait_for_a_dead_kiosk_until_it_is_declared_and_again_when_it_is_back(centre: Centre) -> None:
    with centre.writer.transaction() as connection:
        [found] = waiting.awaited(connection, NOW)
        trial = waiting.if_finished(connection, "kiosk-2", NOW)
        nowhere = waiting.awaited(connection, NOW, frozenset({"BKD"}))
        early = waiting.awaited(connection, at(MONDAY, "12:00"))
    assert found.complete_until == at(MONDAY, "05:00") - timedelta(milliseconds=20)
    assert (found.kiosk, found.days) == ("kiosk-2", [MONDAY])
    assert (found.people, found.person_days) == (4, 4)
    assert (nowhere, early) == ([], [])
    assert (trial.tried, trial.open, trial.codes["TK"], trial.codes["H"]) == (4, 0, 3, 1)
    number = declare_dead(centre)
    judge(centre)
    assert became(centre, "p-1").state is State.FINAL
    assert became(centre, "p-2").codes[0] is Code.TK  # another kiosk of the place served: silence excuses nobody
    with centre.writer.transaction() as connection:
        assert waiting.awaited(connection, NOW) == []
        with pytest.raises(EntryError, match="already"):
            declaring.declare_finished(connection, "kiosk-2", "bkd", "lagi", NOW)
        with pytest.raises(EntryError, match="not known"):
            declaring.declare_finished(connection, "kiosk-9", "bkd", "hilang", NOW)
        entries.withdraw(connection, number, "bkd", NOW, "sudah kembali")
    judge(centre)
    assert became(centre, "p-1").state is State.OPEN
    [row] = centre.rows("entries")
    assert (row["withdrawn_by"], row["withdrawn_why"]) == ("bkd", "sudah kembali")


def test_a_disaster_excuses_the_days_of_its_units_and_says_so(centre: Centre) -> None:
    declare_dead(centre)
    calamity = Calamity(units=(), since=MONDAY, until=MONDAY, name="Erupsi Semeru", decree="SK 1/2026")
    with centre.writer.transaction() as connection:
        made = declaring.declare_disaster(connection, calamity, "bkd", NOW)
    judge(centre)
    assert Code.TK not in became(centre, "p-2").codes
    assert ReasonKind.DISASTER in told(centre, "p-2")
    with centre.writer.transaction() as connection:
        entries.withdraw(connection, made[0], "bkd", NOW, "salah tanggal")
    judge(centre)
    assert Code.TK in became(centre, "p-2").codes


NO_DISASTERS: list[tuple[dict[str, Any], str]] = [
    ({"decree": " "}, "decree"),
    ({"name": ""}, "decree"),
    ({"until": MONDAY - timedelta(days=1)}, "after the start"),
    ({"until": MONDAY + declaring.LONGEST}, "92 days"),
    ({"units": ("NOWHERE",)}, "'NOWHERE' is not known"),
    ({"name": "x" * 121}, "120 at most"),
]


def test_a_disaster_that_cannot_be_is_refused(centre: Centre) -> None:
    calamity = Calamity(units=("DISDIK",), since=MONDAY, until=MONDAY, name="Banjir", decree="SK 2")
    for changes, words in NO_DISASTERS:
        with centre.writer.transaction() as connection, pytest.raises(EntryError, match=words):
            declaring.declare_disaster(connection, replace(calamity, **changes), "bkd", NOW)
    assert centre.rows("entries") == []


def filed(centre: Centre, filing: Filing = BROKEN) -> str:
    with centre.writer.transaction() as connection:
        return lists.file(connection, filing, "operator", NOW)


def test_a_list_counts_when_another_confirms_it_and_no_more_when_it_is_withdrawn(centre: Centre) -> None:
    declare_dead(centre)
    judge(centre)
    number = filed(centre)
    judge(centre)
    assert became(centre, "p-2").codes[0] is Code.TK  # filed only
    with centre.writer.transaction() as connection:
        assert lists.unfounded(connection, BROKEN) == []
        with pytest.raises(ConfirmError, match="somebody else"):
            lists.confirm(connection, number, Word("Operator", NOW))
        with pytest.raises(ConfirmError, match="on it"):
            lists.confirm(connection, number, replace(HEAD, person="p-3"))
        assert len(lists.confirm(connection, number, HEAD)) == 3
    judge(centre)
    day = became(centre, "p-2")
    assert (day.codes, day.first_in, day.state) == ((Code.H,), at(MONDAY, "07:20"), State.FINAL)
    assert ReasonKind.MANUAL in told(centre, "p-2")
    assert became(centre, "p-3").codes[:2] == (Code.H, Code.TL1)
    with centre.writer.transaction() as connection:
        with pytest.raises(ListError, match="reason"):
            lists.withdraw(connection, number, replace(HEAD, why=" "))
        lists.withdraw(connection, number, HEAD)
        with pytest.raises(ListError, match="is withdrawn"):
            lists.withdraw(connection, number, HEAD)
    judge(centre)
    assert became(centre, "p-2").codes[0] is Code.TK
    assert filed(centre) != number  # what was withdrawn may be filed anew


def test_a_reason_that_the_facts_do_not_show_is_known_before_and_goes_to_review(centre: Centre) -> None:
    declare_dead(centre)
    filing = replace(BROKEN, why=ManualWhy.NO_DEVICE)
    with centre.writer.transaction() as connection:
        assert lists.unfounded(connection, filing) == ["p-2", "p-3"]
        disaster = Disaster(unit="DISDIK", since=at(MONDAY, "00:00"), until=at(TUESDAY, "00:00"), name="banjir")
        entries.enter(connection, disaster, "bkd", "SK", NOW)
        assert lists.unfounded(connection, replace(filing, why=ManualWhy.DISASTER)) == []
    number = filed(centre, filing)
    with centre.writer.transaction() as connection:
        lists.confirm(connection, number, HEAD)
    judge(centre)
    assert became(centre, "p-2").state is State.REVIEW
    assert ReasonKind.MANUAL_UNFOUNDED in told(centre, "p-2")


NO_LISTS: list[tuple[dict[str, Any], str]] = [
    ({"lines": ()}, "0 people"),
    ({"lines": (Line("p-1", None, None),)}, "no time"),
    ({"lines": (Line("p-1", time(9), time(8)),)}, "not after"),
    ({"lines": (Line("p-1", time(9), None), Line("p-1", time(9), None))}, "twice"),
    ({"lines": (Line("p-77", time(9), None),)}, "does not serve"),
    ({"number": " "}, "number"),
    ({"day": NOW.date() + timedelta(days=1)}, "has not come"),
    ({"day": date(2026, 1, 9), "lines": (Line("p-1", time(23, 30), None),)}, "has not come yet"),
    ({"unit": "NOWHERE"}, "does not serve"),
    ({"number": "L-2"}, "already"),
]


def test_a_list_that_cannot_be_is_refused(centre: Centre) -> None:
    filed(centre)
    for changes, words in NO_LISTS:
        with centre.writer.transaction() as connection, pytest.raises(ListError, match=words):
            lists.file(connection, replace(BROKEN, **changes), "operator", NOW)
    assert len(centre.rows("presence_lists")) == 1


def test_a_refused_list_never_counts(centre: Centre) -> None:
    number = filed(centre)
    with centre.writer.transaction() as connection:
        with pytest.raises(ListError, match="reason"):
            lists.refuse(connection, number, Word("kepala", NOW))
        lists.refuse(connection, number, HEAD)
        with pytest.raises(ListError, match="is refused"):
            lists.confirm(connection, number, HEAD)
    assert centre.rows("entries") == []


def test_entries_are_listed_by_kind_unit_and_month_whoever_they_are_about(centre: Centre) -> None:
    declare_dead(centre)
    with centre.writer.transaction() as connection:
        calamity = Calamity(units=("DISDIK",), since=MONDAY, until=MONDAY, name="Banjir", decree="SK 2")
        [disaster] = declaring.declare_disaster(connection, calamity, "bkd", NOW)
        lists.confirm(connection, lists.file(connection, BROKEN, "operator", NOW), HEAD)
    january, june = (date(2026, 1, 1), date(2026, 1, 31)), (date(2026, 6, 1), date(2026, 6, 30))
    with Session(centre.writer.engine) as session:
        assert listing.count(session, Choice()) == 5
        assert listing.count(session, Choice(units=frozenset({"DISDIK"}))) == 5
        assert listing.count(session, Choice(units=frozenset({"BKD"}))) == 0
        assert listing.count(session, Choice(units=frozenset({"SDN1"}), above=["DISDIK"])) == 1
        assert listing.count(session, Choice((EntryKind.MANUAL,), span=january)) == 3
        assert listing.count(session, Choice((EntryKind.MANUAL,), span=june)) == 0
        found = {each.kind: each for each in listing.listed(session, Choice(), 10)}
        assert found[EntryKind.MANUAL].name.startswith("Pegawai p-")
        assert found[EntryKind.DISASTER].subject == "Dinas Pendidikan"
        assert (found[EntryKind.FINISHED].subject, found[EntryKind.FINISHED].by) == ("kiosk-2", "bkd")
        assert listing.one(session, disaster) is not None
        assert listing.one(session, "x") is None


def test_a_month_says_what_is_open_and_why_and_what_was_paid(centre: Centre) -> None:
    month, later = Month(2026, 1), at(date(2026, 2, 3), "09:00")
    with Session(centre.writer.engine) as session:
        units = read_units(session)
        own = Standings(session, units, month, NOW).of(units.places["DISDIK"])
        assert (own.sums.people, own.unsettled, own.kiosks, own.closed) == (4, 4, ("kiosk-2",), None)
        shown = closing.unsettled_days(session, frozenset({"DISDIK"}), month)
        assert {each.result.reasons[0].kind for each in shown} == {ReasonKind.KIOSKS_INCOMPLETE}
        assert hindrance(session.connection(), "DISDIK", MONDAY, NOW) is Hindrance.LASTS
        assert hindrance(session.connection(), "DISDIK", MONDAY, later) is Hindrance.NEVER
    open_week(centre, [date(2026, 1, 1) + timedelta(days=count) for count in range(31)])
    with Session(centre.writer.engine) as session:
        assert hindrance(session.connection(), "DISDIK", MONDAY, later) is Hindrance.UNJUDGED
    judge(centre, later)
    with centre.writer.transaction() as connection:
        assert hindrance(connection, "DISDIK", MONDAY, later) is None
        done = close_month(connection, "DISDIK", MONDAY, Order("bkd", later, "kiosk-2 masih ditunggu"))
        assert hindrance(connection, "DISDIK", MONDAY, later) is Hindrance.CLOSED
    with Session(centre.writer.engine) as session:
        own = Standings(session, units, month, later).of(units.places["DISDIK"])
        assert own.closed is not None
        assert (own.closed.by, own.closed.reason) == ("bkd", "kiosk-2 masih ditunggu")
        assert closing.paid_days(session, frozenset({"DISDIK"}), month) == (done.days, 4)
        assert [on for on, _ in closing.history(session, "DISDIK")] == [date(2026, 1, 1)]


def test_what_was_closed_with_the_unit_above_is_closed(centre: Centre) -> None:
    later = at(date(2026, 2, 3), "09:00")
    with centre.writer.session() as session:
        session.add(Unit(code="SDN1", name="SDN 1", parent="DISDIK"))
    open_week(centre, [date(2026, 1, 1) + timedelta(days=count) for count in range(31)])
    judge(centre, later)
    with centre.writer.transaction() as connection:
        close_month(connection, "DISDIK", MONDAY, Order("bkd", later, "apa adanya"))
        assert hindrance(connection, "SDN1", MONDAY, later) is Hindrance.ABOVE
        with pytest.raises(MonthError, match="closed with DISDIK"):
            close_month(connection, "SDN1", MONDAY, Order("bkd", later))
    with Session(centre.writer.engine) as session:
        units = read_units(session)
        below = Standings(session, units, Month(2026, 1), later).of(units.places["SDN1"])
        assert below.closed is not None


def test_the_queries_do_not_grow_with_what_waits(centre: Centre) -> None:
    def asked() -> int:
        count = 0

        def one(*_: object) -> None:
            nonlocal count
            count += 1

        sa.event.listen(centre.writer.engine, "before_cursor_execute", one)
        with Session(centre.writer.engine) as session:
            waiting.awaited(session.connection(), NOW)
            Standings(session, read_units(session), Month(2026, 1), NOW)
            listing.listed(session, Choice(), 50)
        sa.event.remove(centre.writer.engine, "before_cursor_execute", one)
        return count

    few = asked()
    open_week(centre)
    judge(centre)
    filed(centre)
    with centre.writer.transaction() as connection:
        lists.confirm(connection, connection.scalar(select(lists.PresenceList.id)) or "", HEAD)
        assert connection.scalar(select(sa.func.count()).select_from(Entry)) == 3
    assert asked() == few <= 20


def test_of_two_who_decide_one_list_at_once_the_second_meets_what_the_first_left(centre: Centre) -> None:
    """Two processes: neither confirms twice, nor refuses what counts."""
    with centre.writer.transaction() as connection:
        number = lists.file(connection, BROKEN, "operator", NOW)
    url = centre.writer.engine.url.render_as_string(hide_password=False)
    with Writer(open_engine(url)) as second, ThreadPoolExecutor(2) as beside:

        def decide(step: Any) -> None:
            with second.transaction() as connection:
                step(connection, number, Word("bkd", NOW, "tidak ada"))

        with centre.writer.transaction() as connection:
            lists.confirm(connection, number, HEAD)
            late = [beside.submit(decide, step) for step in (lists.confirm, lists.refuse)]
            assert not wait(late, timeout=0.5).done, "they wait for the first"
        for each in late:
            with pytest.raises(ListError, match="is confirmed"):
                each.result(20)
    assert [row["kind"] for row in centre.rows("entries")].count("manual") == 3


def test_of_two_who_declare_or_file_the_same_at_once_the_second_meets_what_the_first_left(centre: Centre) -> None:
    def declare(session: Session) -> str:
        return declaring.declare_finished(session.connection(), "kiosk-2", "bkd", "terendam", NOW)

    def file(session: Session) -> str:
        return lists.file(session.connection(), BROKEN, "operator", NOW)

    with pytest.raises(EntryError, match="already"):
        at_once(centre, declare, declare).result()
    with pytest.raises(ListError, match="already"):
        at_once(centre, file, file).result()
    assert (len(centre.rows("entries")), len(centre.rows("presence_lists"))) == (1, 1)


def test_a_list_names_whom_its_page_offers(centre: Centre) -> None:
    """Who serves at another unit by a main post is on that one's list."""
    second = Assignment(person="p-2", unit="BKD", kind="second", from_day=date(2025, 1, 1))
    with centre.writer.session() as session:
        session.add(Unit(code="BKD", name="BKD"))
        session.flush()
        session.add(second)
    with centre.writer.transaction() as connection, pytest.raises(ListError, match="p-2 does not serve at BKD"):
        lists.file(connection, replace(BROKEN, unit="BKD", lines=BROKEN.lines[:1]), "operator", NOW)


def test_of_two_who_withdraw_one_entry_at_once_the_first_is_named(centre: Centre) -> None:
    storm = Calamity(units=(), since=MONDAY, until=MONDAY, name="Banjir", decree="SK 3")
    with centre.writer.transaction() as connection:
        [number] = declaring.declare_disaster(connection, storm, "operator", NOW)
    url = centre.writer.engine.url.render_as_string(hide_password=False)
    with Writer(open_engine(url)) as second, ThreadPoolExecutor(1) as beside:

        def late() -> None:
            with second.transaction() as connection:
                entries.withdraw(connection, number, "late", NOW, "keliru")

        with centre.writer.transaction() as connection:
            entries.withdraw(connection, number, "early", NOW, "salah tanggal")
            told = beside.submit(late)
            assert not wait([told], timeout=0.5).done, "it waits for the first"
        with pytest.raises(EntryError, match="withdrawn already"):
            told.result(20)
    [row] = [row for row in centre.rows("entries") if row["id"] == number]
    assert (row["withdrawn_by"], row["withdrawn_why"]) == ("early", "salah tanggal")

"""A person's hours on a real database: who may change which day, what is refused, and what is judged again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from collector.judging.months import Order, close_month
from collector.judging.recompute import recompute
from collector.people import sheet
from collector.rules.codes import Code, State
from collector.rules.hours import Hours, OwnHours, SevenDays
from collector.schedules import grid, patterns, rota, rotafile, weeks
from collector.schedules.errors import Rule, ScheduleError
from collector.schedules.grid import Choice, Month
from collector.schedules.rota import Origin
from collector.schedules.standing import Hand
from collector.store.engine import open_engine
from collector.store.people import Assignment, Person, Unit
from collector.store.writer import Writer
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.judged_office import NOW, WEEK, Wall, at, judge, open_week, results, settle

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = WEEK
TODAY = NOW.date()
JANUARY = Month(date(2026, 1, 1))
FEBRUARY = Month(date(2026, 2, 1))
HERE = frozenset({"DISDIK"})
OPERATOR = Hand(by="op", at=NOW, reach=HERE)
OFFICER = Hand(by="bkd", at=NOW, bkd=True, why="SPT 1")
PAGE = Origin("DISDIK", rota.PAGE)
MORNING: SevenDays = (Hours(start=time(7), end=time(9)), None, None, None, None, None, None)


@pytest.fixture
def kiosk() -> FakeKiosk:
    return FakeKiosk("kiosk-1")


@pytest.fixture
def centre(store_url: str, tmp_path: Path, kiosk: FakeKiosk) -> Iterator[Centre]:
    """p-1 to p-4 at DISDIK, elsewhere-1 at RSUD; p-3 is an honorary teacher."""
    with opened(store_url, tmp_path) as centre:
        settle(centre, kiosk)
        with centre.writer.session() as session:
            session.add_all([Unit(code="RSUD", name="RSUD"), Person(id="elsewhere-1", name="Lain", status="PNS")])
            session.flush()
            session.add(Assignment(person="elsewhere-1", unit="RSUD", from_day=date(2020, 1, 1)))
            session.execute(update(Person).where(Person.id == "p-3").values(status="honorer guru"))
        yield centre


def on_shifts(centre: Centre, *people: str, since: date = MONDAY) -> None:
    with centre.writer.session() as session:
        patterns.assign(session, people or ("p-1",), "shift", since, OFFICER)


def fill(centre: Centre, wishes: dict[tuple[str, date], str], hand: Hand = OFFICER) -> tuple[str, list[Rule]]:
    """Write what can be written; id of the change, and the rules that the rest breaks."""
    with centre.writer.session() as session:
        days = [day for _, day in wishes]
        standing = rota.of(session, (person for person, _ in wishes), min(days), max(days))
        planned = rota.plan(standing, wishes, hand)
        return rota.write(session, planned, hand, PAGE), [error.rule for error in planned.faults.values()]


def refused(centre: Centre, change: Callable[[Session], object]) -> ScheduleError:
    with pytest.raises(ScheduleError) as told, centre.writer.session() as session:
        change(session)
    return told.value


def turns(centre: Centre, person: str = "p-1") -> dict[date, str]:
    return {row["day"]: row["shift"] or row["off"] for row in centre.rows("turns") if row["person"] == person}


NEXT = TODAY + timedelta(days=1)
CELLS = [
    ("a shift by its sign", "p-1", NEXT, "m", OPERATOR, None),
    ("a shift by its name", "p-1", NEXT, " Malam ", OPERATOR, None),
    ("off after a shift", "p-1", NEXT, "lj", OPERATOR, None),
    ("off, as people write it", "p-1", NEXT, "libur", OPERATOR, None),
    ("no such shift", "p-1", NEXT, "sore", OPERATOR, Rule.SHIFT),
    ("today by an operator", "p-1", TODAY, "P", OPERATOR, Rule.PAST),
    ("a past day by an operator with a reason", "p-1", TUESDAY, "P", replace(OPERATOR, why="lupa"), Rule.PAST),
    ("a past day by BKD without a reason", "p-1", TUESDAY, "P", replace(OFFICER, why=" "), Rule.REASON),
    ("a past day by BKD with a reason", "p-1", TUESDAY, "P", OFFICER, None),
    ("somebody of another unit", "elsewhere-1", NEXT, "P", OPERATOR, Rule.ELSEWHERE),
    ("nobody", "p-99", NEXT, "P", OFFICER, Rule.ELSEWHERE),
    ("before they came", "p-1", date(2019, 12, 31), "P", OFFICER, Rule.ELSEWHERE),
    ("who follows five days", "p-2", NEXT, "P", OPERATOR, Rule.NO_ROTA),
    ("emptying what is empty", "p-2", NEXT, "", OPERATOR, None),
]


def test_each_cell_is_taken_or_refused_by_its_rule(centre: Centre) -> None:
    on_shifts(centre)
    for what, person, day, text, hand, rule in CELLS:
        number, rules = fill(centre, {(person, day): text}, hand)
        assert rules == ([] if rule is None else [rule]), what
        assert not (number and rule), what


def test_a_cell_is_emptied_and_its_day_marked(centre: Centre) -> None:
    on_shifts(centre)
    fill(centre, {("p-1", NEXT): "P", ("p-1", NEXT + timedelta(days=1)): "LB"})
    judge(centre)
    assert centre.rows("touched_days") == []
    fill(centre, {("p-1", NEXT): ""}, OPERATOR)
    assert turns(centre) == {NEXT + timedelta(days=1): "LB"}
    [mark] = centre.rows("touched_days")
    assert (mark["subject"], mark["since"], mark["until"]) == ("p-1", NEXT, NEXT)


def test_what_somebody_else_changed_is_not_overwritten(centre: Centre) -> None:
    on_shifts(centre)
    fill(centre, {("p-1", NEXT): "P"})
    with centre.writer.session() as session:
        standing = rota.of(session, ["p-1"], NEXT, NEXT)
        planned = rota.plan(standing, {("p-1", NEXT): "M"}, OPERATOR, {("p-1", NEXT): ""})
    assert [error.rule for error in planned.faults.values()] == [Rule.MEANWHILE]


def test_a_change_of_a_night_shift_judges_as_judging_everything_anew(centre: Centre, kiosk: FakeKiosk) -> None:
    """A day is judged by its own turn alone: its neighbours are as a recomputation of the whole week leaves them."""
    wall = Wall(kiosk, booted=at(date(2026, 1, 2), "00:00"))
    open_week(centre)
    wall.look(date(2026, 1, 2), "07:00", "p-1")
    for day, looks in ((MONDAY, ["20:50"]), (TUESDAY, ["07:20", "20:40"]), (WEDNESDAY, ["07:10"]), (THURSDAY, [])):
        told = sorted([(clock, True) for clock in looks] + [(f"{hour:02}:55", False) for hour in range(24)])
        for clock, seen in told:
            wall.look(day, clock, "p-1") if seen else wall.beat(day, clock)
    centre.take(*wall.messages())
    on_shifts(centre)
    fill(centre, {("p-1", MONDAY): "M", ("p-1", TUESDAY): "LJ", ("p-1", WEDNESDAY): "LB"})
    judge(centre)
    first = results(centre)
    assert first["p-1", MONDAY].codes == (Code.H,)
    fill(centre, {("p-1", MONDAY): "", ("p-1", TUESDAY): "M"})
    judge(centre)
    changed = results(centre)
    assert changed["p-1", MONDAY].state is State.REVIEW
    assert changed["p-1", TUESDAY].codes == (Code.H,)
    assert changed["p-1", WEDNESDAY] == first["p-1", WEDNESDAY]
    recompute(centre.writer, MONDAY, FRIDAY, NOW)
    assert results(centre) == changed


def test_a_change_is_kept_with_what_was_there_and_taken_back_whole(centre: Centre) -> None:
    on_shifts(centre)
    fill(centre, {("p-1", NEXT): "P"})
    number, _ = fill(centre, {("p-1", NEXT): "M", ("p-1", NEXT + timedelta(days=1)): "LJ"})
    with centre.writer.session() as session:
        rota.undo(session, number, OPERATOR)
    assert turns(centre) == {NEXT: "pagi"}
    assert refused(centre, lambda session: rota.undo(session, number, OPERATOR)).rule is Rule.GONE
    later, _ = fill(centre, {("p-1", NEXT): "S"})
    fill(centre, {("p-1", NEXT): "LB"})
    assert refused(centre, lambda session: rota.undo(session, later, OPERATOR)).rule is Rule.MEANWHILE
    assert turns(centre) == {NEXT: "LB"}
    assert {row["action"] for row in centre.rows("audit_log")} >= {"rota.change", "hours.pattern"}


def test_a_closed_month_refuses_turns_patterns_and_weeks(centre: Centre) -> None:
    on_shifts(centre, since=date(2025, 12, 1))
    month = [date(2025, 12, 1) + timedelta(days=count) for count in range(31)]
    open_week(centre, month)
    judge(centre)
    with centre.writer.transaction() as connection:
        close_month(connection, "DISDIK", month[0], Order("bkd", NOW, "tanpa kios"))
    day = date(2025, 12, 10)
    assert fill(centre, {("p-1", day): "P"})[1] == [Rule.CLOSED]
    wrong = refused(centre, lambda session: patterns.assign(session, ["p-2"], "shift", date(2025, 11, 1), OFFICER))
    assert (wrong.rule, wrong.values["day"]) == (Rule.CLOSED, "2025-12-01")
    week = OwnHours(since=date(2025, 11, 1), until=None, days=MORNING)
    assert refused(centre, lambda session: weeks.give(session, "p-3", week, OFFICER)).rule is Rule.CLOSED


def test_a_pattern_must_be_there_in_every_rule_set_that_follows(centre: Centre) -> None:
    def assign(name: str, since: date = NEXT, hand: Hand = OPERATOR, who: str = "p-1") -> Callable[[Session], None]:
        return lambda session: patterns.assign(session, [who], name, since, hand)

    wrong = refused(centre, assign("seven-day"))
    assert wrong.rule is Rule.PATTERN
    assert "five-day, six-day, shift" in str(wrong)
    assert refused(centre, assign("shift", TODAY)).rule is Rule.PAST
    assert refused(centre, assign("shift", hand=replace(OPERATOR, by=""))).rule is Rule.NOBODY
    assert refused(centre, assign("shift", who="elsewhere-1")).rule is Rule.ELSEWHERE
    with centre.writer.session() as session:
        assign("shift")(session)
        [one] = patterns.entered(session, "p-1")
        assert (one.pattern, one.day, one.by) == ("shift", NEXT, "op")
        patterns.take_back(session, "p-1", NEXT, OPERATOR)
        assert patterns.entered(session, "p-1") == []
    assert refused(centre, lambda session: patterns.take_back(session, "p-1", NEXT, OPERATOR)).rule is Rule.GONE


def week(since: date, until: date | None = None, days: SevenDays = MORNING) -> OwnHours:
    return OwnHours(since=since, until=until, days=days)


def test_own_weeks_never_overlap_and_one_follows_another(centre: Centre) -> None:
    hand = replace(OPERATOR, why="SK mengajar 1")
    with centre.writer.session() as session:
        weeks.give(session, "p-3", week(NEXT), hand)
    later = NEXT + timedelta(days=10)
    for since, until in ((later, None), (NEXT, NEXT), (later, later)):
        error = refused(centre, lambda session: weeks.give(session, "p-3", week(since, until), hand))  # noqa: B023
        assert error.rule is Rule.OVERLAP
    with centre.writer.session() as session:
        weeks.give(session, "p-3", week(later), hand, succeed=True)
        assert [(one.hours.since, one.hours.until) for one in weeks.entered(session, "p-3")] == [
            (later, None),
            (NEXT, later - timedelta(days=1)),
        ]
        newest = weeks.entered(session, "p-3")[0]
        weeks.end(session, "p-3", newest.entry, later - timedelta(days=1), hand)
        assert [one.hours.since for one in weeks.entered(session, "p-3")] == [NEXT]


def test_own_weeks_that_cannot_be_are_refused(centre: Centre) -> None:
    hand = replace(OPERATOR, why="SK 1")
    backwards: SevenDays = (Hours(start=time(9), end=time(7)), *MORNING[1:])  # type: ignore[assignment]
    long_break: SevenDays = (Hours(start=time(7), end=time(9), break_minutes=120), *MORNING[1:])  # type: ignore[assignment]
    free: SevenDays = (None,) * 7  # type: ignore[assignment]
    cases = [
        ("p-3", week(NEXT, TODAY), hand, Rule.ORDER),
        ("p-3", week(NEXT, days=free), hand, Rule.EMPTY),
        ("p-3", week(NEXT, days=backwards), hand, Rule.TIMES),
        ("p-3", week(NEXT, days=long_break), hand, Rule.TIMES),
        ("p-1", week(NEXT), hand, Rule.NO_WEEK),
        ("p-3", week(TODAY), hand, Rule.PAST),
        ("p-3", week(NEXT), OPERATOR, Rule.LETTER),
        ("elsewhere-1", week(NEXT), hand, Rule.ELSEWHERE),
    ]
    for person, wished, who, rule in cases:
        error = refused(centre, lambda session: weeks.give(session, person, wished, who))  # noqa: B023
        assert error.rule is rule


def test_a_week_of_who_moves_on_ends_before_the_other_unit(centre: Centre) -> None:
    moves = NEXT + timedelta(days=20)
    with centre.writer.session() as session:
        session.execute(
            update(Assignment).where(Assignment.person == "p-3").values(until_day=moves - timedelta(days=1))
        )
        session.execute(insert(Assignment).values(person="p-3", unit="RSUD", from_day=moves))
    hand = replace(OPERATOR, why="SK 1")
    assert refused(centre, lambda session: weeks.give(session, "p-3", week(NEXT), hand)).rule is Rule.ELSEWHERE
    with centre.writer.session() as session:
        weeks.give(session, "p-3", week(NEXT, moves - timedelta(days=1)), hand)


def shown(centre: Centre, month: Month = FEBRUARY, hand: Hand = OPERATOR, *, on_rota: bool = True) -> grid.Grid:
    with centre.writer.session() as session:
        return grid.read(session, Choice(HERE, month, on_rota), hand)


def test_the_grid_shows_who_has_a_rota_and_what_may_be_changed(centre: Centre) -> None:
    on_shifts(centre, since=FRIDAY)
    fill(centre, {("p-1", NEXT): "M"})
    [row] = shown(centre, JANUARY).rows
    cells = {cell.day: cell for cell in row.cells}
    assert (cells[NEXT].sign, cells[NEXT].shift, cells[NEXT].may) == ("M", "malam", True)
    assert not cells[THURSDAY].rota
    assert not cells[FRIDAY].may
    assert cells[FRIDAY].past
    assert {cell.day for cell in shown(centre, JANUARY, OFFICER).rows[0].cells if cell.may} >= {FRIDAY, NEXT}
    assert [row.person for row in shown(centre, on_rota=False).rows] == ["p-1", "p-2", "p-3", "p-4"]
    assert [(one.sign, one.name) for one in shown(centre).shifts] == [("P", "pagi"), ("S", "siang"), ("M", "malam")]


@pytest.mark.parametrize("make", [rotafile.workbook, rotafile.csv])
def test_a_download_read_back_changes_nothing_and_filled_in_is_the_rota(
    centre: Centre, make: Callable[[grid.Grid], bytes]
) -> None:
    on_shifts(centre)
    fill(centre, {("p-1", date(2026, 2, 1)): "M", ("p-1", date(2026, 2, 2)): "LJ"})
    raw = make(shown(centre))
    assert make(shown(centre)) == raw
    with centre.writer.session() as session:
        filled = rotafile.read(session, sheet.read(raw, "rota"), FEBRUARY)
        assert filled.wishes == {("p-1", date(2026, 2, 1)): "M", ("p-1", date(2026, 2, 2)): "LJ"}
        planned = rota.plan(rota.of(session, ["p-1"], FEBRUARY.first, FEBRUARY.last), filled.wishes, OPERATOR)
        assert (planned.changes, planned.faults) == ({}, {})


def test_rows_of_a_file_that_cannot_be_taken_say_why(centre: Centre) -> None:
    on_shifts(centre)
    raw = b"id;bulan;1;2\np-1;2026-02;P;\np-1;;S;\np-9;;P;\np-2;2026-03;P;\np-4;02-2026;;X\n"
    with centre.writer.session() as session:
        filled = rotafile.read(session, sheet.read(raw, "rota.csv"), FEBRUARY)
        assert [(line, error.rule) for line, error in filled.bad] == [
            (2, Rule.TWICE),
            (3, Rule.TWICE),
            (4, Rule.UNKNOWN),
            (5, Rule.MONTH),
        ]
        assert filled.wishes == {("p-4", date(2026, 2, 2)): "X"}
        everything = rotafile.read(session, sheet.read(raw, "rota.csv"), FEBRUARY, clear=True)
        assert everything.wishes["p-4", date(2026, 2, 1)] == ""
        with pytest.raises(ScheduleError, match="no column id"):
            rotafile.read(session, sheet.read(b"nama;1\nA;P\n", "rota.csv"), FEBRUARY)


def test_two_who_enter_a_week_at_once_leave_one(centre: Centre) -> None:
    """The person is held until the first has committed, whatever database it is."""
    hand = replace(OPERATOR, why="SK 1")

    def give(_number: int) -> Rule | None:
        with Writer(open_engine(centre.url)) as writer:
            try:
                with writer.session() as session:
                    weeks.give(session, "p-3", week(NEXT), hand)
            except ScheduleError as error:
                return error.rule
            return None

    with ThreadPoolExecutor(4) as pool:
        assert Counter(pool.map(give, range(4))) == {None: 1, Rule.OVERLAP: 3}

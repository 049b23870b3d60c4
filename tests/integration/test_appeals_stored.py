"""An appeal on a real database: what is attached, who decides, and how an accepted one changes the day by entries alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from collector.appealing import book, listing
from collector.appealing.book import Filing, Word
from collector.appealing.known import Known
from collector.errors import AppealError
from collector.judging.months import Order, close_month, corrections_of
from collector.judging.recompute import recompute
from collector.rules.appeals.case import BY, Act, Actor, Deadlines, Ground, Part, Stage
from collector.rules.codes import Code
from collector.rules.evidence import Basis, Cause
from collector.rules.violations.case import Status
from collector.rules.violations.case import Step as Verdict
from collector.store.engine import open_reader
from collector.violating.detection import Detection
from collector.violating.review import history, review
from tests.centre import Centre, FakeKiosk, check_in, opened
from tests.fixtures.appeal_office import NOW, TUESDAY, WEDNESDAY, fill, telling, week
from tests.fixtures.judged_office import MONDAY, WEEK, Wall, at, judge, open_week, results, settle
from wire import records as r

JUDGED = NOW
LIMITS = Deadlines()
OWN = Actor(account="akun-p1", person="p-1")
HEAD = Actor(account="kepala")
OFFICER = Actor(account="bkd-1")


@pytest.fixture(scope="module")
def wall() -> Wall:
    return week()


@pytest.fixture
def centre(store_url: str, tmp_path: Path, wall: Wall) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as centre:
        fill(centre, wall)
        yield centre


def word(act: Act, by: Actor, days: float = 1, why: str = "kiosk tidak mengenali saya", **more: str) -> Word:
    part = Part(more.pop("part", BY[act]))
    return Word(act=act, by=by, part=part, at=JUDGED + timedelta(days=days), why=why, **more)


def filing(ground: Ground, day: date = TUESDAY, person: str = "p-1", **more: object) -> Filing:
    return Filing(person=person, day=day, ground=ground, why="kiosk tidak mengenali saya", **more)  # type: ignore[arg-type]


def file(centre: Centre, what: Filing, by: Actor = OWN, **more: object) -> int:
    with centre.writer.session() as session:
        return book.file(session, what, word(Act.FILE, by, **more), LIMITS)  # type: ignore[arg-type]


def say(centre: Centre, appeal: int, said: Word) -> Stage:
    with centre.writer.session() as session:
        return book.say(session, appeal, said, LIMITS).stage


def decide(centre: Centre, appeal: int, **more: str) -> None:
    say(centre, appeal, word(Act.SUPPORT, HEAD, 2))
    say(centre, appeal, word(Act.ACCEPT, OFFICER, 3, **more))


def known(centre: Centre, appeal: int) -> Known:
    with centre.writer.session() as session:
        found = listing.detail(session, appeal, JUDGED, LIMITS)
    assert found is not None
    assert found.intact
    return found.known


def codes(centre: Centre, person: str, day: date) -> str:
    return " ".join(results(centre)[person, day].codes)


def test_the_centre_attaches_what_it_knows(centre: Centre, wall: Wall) -> None:
    appeal = file(centre, filing(Ground.LATE, around=at(TUESDAY, "07:25")))
    told = known(centre, appeal)
    assert told.result is not None
    assert (told.result.codes, told.result.minutes_late) == ((Code.H, Code.TL2), 40)
    assert [(each.at, each.basis, each.source, each.error_ms, each.score, each.frames) for each in told.looks] == [
        (at(TUESDAY, clock), Basis.CLOCK, "ntp", 20, 0.9, 3) for clock in ("08:10", "16:40")
    ]
    [kiosk] = told.kiosks
    assert (kiosk.kiosk, kiosk.unit, kiosk.at_place, kiosk.others) == ("kiosk-1", "DISDIK", True, 1)
    assert kiosk.complete_until is not None
    assert kiosk.complete_until >= at(WEEK[-1], "17:00")
    assert [(each.word, each.count) for each in told.tries] == [("spoof", 1), ("not-recognised", 3)]
    assert told.enrolled is not None
    assert not told.closed


def test_an_outage_of_that_morning_is_attached(store_url: str, tmp_path: Path) -> None:
    with opened(store_url, tmp_path) as centre:
        wall = Wall(FakeKiosk("kiosk-1"), arrives=at(WEEK[-1], "18:50"))
        out = r.Event(event="out-of-service", detail={"reason": "camera-lost"})
        back = r.Event(event="in-service", detail={})
        telling(wall, MONDAY, ("09:00", out), ("09:20", back), ("09:30", check_in("p-1")))
        telling(wall, TUESDAY)
        settle(centre, wall.kiosk, people=["p-1"])
        centre.take(*wall.messages())
        open_week(centre, [MONDAY])
        judge(centre)
        told = known(centre, file(centre, filing(Ground.EARLY, MONDAY, around=at(MONDAY, "09:05"))))
        spans = [(each.since, each.until) for each in told.kiosks[0].outages if each.cause is Cause.OUTAGE]
        # A heartbeat says that it serves: the one at 09:15 ends the outage.
        assert (at(MONDAY, "09:00"), at(MONDAY, "09:15")) in spans
        assert {"out-of-service", "in-service"} <= {each.word for each in told.tries}


def test_what_was_attached_never_changes(centre: Centre) -> None:
    appeal = file(centre, filing(Ground.LATE))
    before = [dict(row) for row in centre.rows("appeals")]
    decide(centre, appeal)
    judge(centre)
    [after] = centre.rows("appeals")
    assert (after["snapshot"], after["digest"]) == (before[0]["snapshot"], before[0]["digest"])
    with centre.writer.transaction() as connection:
        connection.execute(sa.text("UPDATE appeals SET snapshot = :bytes"), {"bytes": b"{}" + after["snapshot"][2:]})
    with centre.writer.session() as session, pytest.raises(Exception, match="what was known"):
        listing.detail(session, appeal, JUDGED, LIMITS)


@pytest.mark.parametrize(
    ("ground", "day", "before", "after"),
    [(Ground.LATE, TUESDAY, "H TL2", "H"), (Ground.ABSENT, WEDNESDAY, "TK", "H")],
)
def test_an_accepted_appeal_changes_the_day_by_an_entry(
    centre: Centre, ground: Ground, day: date, before: str, after: str
) -> None:
    records = centre.rows("records")
    appeal = file(centre, filing(ground, day))
    assert codes(centre, "p-1", day) == before
    decide(centre, appeal)
    judge(centre)
    assert codes(centre, "p-1", day) == after
    assert centre.rows("records") == records
    [entry] = centre.rows("entries")
    [step] = [each for each in centre.rows("appeal_steps") if each["act"] == "accept"]
    assert (entry["kind"], entry["entered_by"], entry["id"]) == ("ruling", "bkd-1", step["entries"])
    assert entry["reason"].startswith(f"S-{appeal:05d}: ")


def test_a_rejected_or_withdrawn_one_changes_nothing(centre: Centre) -> None:
    appeal = file(centre, filing(Ground.LATE))
    say(centre, appeal, word(Act.OBJECT, HEAD, 2))
    say(centre, appeal, word(Act.REJECT, OFFICER, 3))
    say(centre, file(centre, filing(Ground.ABSENT, WEDNESDAY)), word(Act.WITHDRAW, OWN, 2))
    judge(centre)
    assert (codes(centre, "p-1", TUESDAY), codes(centre, "p-1", WEDNESDAY)) == ("H TL2", "TK")
    assert centre.rows("entries") == []


def test_a_look_that_was_somebody_else_stops_counting_and_counts_for_whom_the_agency_names(
    centre: Centre, wall: Wall
) -> None:
    thursday = WEEK[3]
    struck = results(centre)["p-1", thursday].in_record
    appeal = file(centre, filing(Ground.WRONG_PERSON, thursday, record=struck))
    decide(centre, appeal, truly="p-2")
    judge(centre)
    found = results(centre)
    assert " ".join(found["p-1", thursday].codes) == "H TL4"
    assert struck != found["p-1", thursday].in_record
    # p-2 was there at 07:00 already: the look at 07:05 is theirs now, and a repeat.
    assert " ".join(found["p-2", thursday].codes) == "H"
    assert any(each.kind == "ruling" and each.fact("record") == struck for each in found["p-2", thursday].reasons)


def test_who_was_taken_for_somebody_else_gets_the_look_that_the_agency_finds(centre: Centre) -> None:
    """p-1 stood there at 07:00 on Tuesday and p-2 was recorded."""
    theirs = results(centre)["p-2", TUESDAY].in_record
    with pytest.raises(AppealError, match="says when"):
        file(centre, filing(Ground.WRONG_PERSON))
    appeal = file(centre, filing(Ground.WRONG_PERSON, around=at(TUESDAY, "07:00")))
    say(centre, appeal, word(Act.SUPPORT, HEAD, 2))
    with pytest.raises(AppealError, match="choose the record"):
        say(centre, appeal, word(Act.ACCEPT, OFFICER, 3))
    say(centre, appeal, word(Act.ACCEPT, OFFICER, 3, record=theirs))
    judge(centre)
    assert (codes(centre, "p-1", TUESDAY), codes(centre, "p-2", TUESDAY)) == ("H", "H TL4")


def test_after_the_month_is_closed_it_becomes_a_correction(centre: Centre) -> None:
    february = at(date(2026, 2, 3), "09:00")
    recompute(centre.writer, date(2026, 1, 1), date(2026, 1, 31), february)
    judge(centre, february)
    with centre.writer.transaction() as connection:
        close_month(connection, "DISDIK", MONDAY, Order("bkd-2", february, leave="sisa bulan tanpa data"))
    appeal = file(centre, filing(Ground.LATE), by=OFFICER, days=26, part="bkd")
    assert known(centre, appeal).closed
    say(centre, appeal, word(Act.SUPPORT, HEAD, 27))
    say(centre, appeal, word(Act.ACCEPT, Actor(account="bkd-2"), 28))
    judge(centre, february + timedelta(days=9))
    with centre.writer.transaction() as connection:
        [correction] = corrections_of(connection, ["DISDIK"], None)
    assert (correction.person, correction.day, correction.now.codes) == ("p-1", TUESDAY, (Code.H,))


def detect(centre: Centre) -> None:
    reader = open_reader(centre.url)
    try:
        Detection(reader, centre.writer).run()
    finally:
        reader.dispose()


def violation(centre: Centre) -> str:
    detect(centre)
    return next(row["key"] for row in centre.rows("violations") if row["kind"] == "wrong-unit")


@pytest.fixture
def accused(centre: Centre) -> str:
    """Key of a violation against p-1: seen at a unit that is not theirs, on Tuesday."""
    with centre.writer.session() as session:
        session.execute(sa.text("INSERT INTO units (code, name, kind) VALUES ('DINKES', 'Dinas Kesehatan', 'opd')"))
        session.execute(sa.text("UPDATE assignments SET unit = 'DINKES' WHERE person = 'p-1'"))
    return violation(centre)


@pytest.mark.parametrize("confirmed", [False, True])
def test_an_appeal_of_a_violation_dismisses_it_with_its_history(centre: Centre, accused: str, confirmed: bool) -> None:
    day = next(row["day"] for row in centre.rows("violations") if row["key"] == accused)
    if confirmed:
        with centre.writer.session() as session:
            review(session, accused, Verdict(to=Status.CONFIRMED, by="inspektur", at=JUDGED, why="dilihat"))
    appeal = file(centre, filing(Ground.VIOLATION, day, violation=accused))
    told = known(centre, appeal).violation
    assert told is not None
    assert (told.kind, told.status) == ("wrong-unit", "confirmed" if confirmed else "open")
    decide(centre, appeal)
    with centre.writer.session() as session:
        steps = [(each.to, each.by) for each in history(session, accused)]
    ends = [("open", "bkd-1"), ("dismissed", "bkd-1")]
    assert steps == ([("confirmed", "inspektur"), *ends] if confirmed else ends[1:])
    with pytest.raises(AppealError, match="dismissed already"):
        file(centre, filing(Ground.VIOLATION, day, violation=accused, person="p-1"), by=OFFICER, part="bkd")


def test_no_violation_rests_on_a_look_that_was_somebody_else(centre: Centre, accused: str) -> None:
    [row] = [each for each in centre.rows("violations") if each["key"] == accused]
    day = row["day"]
    struck = results(centre)["p-1", day].in_record
    assert struck in row["evidence"]
    decide(centre, file(centre, filing(Ground.WRONG_PERSON, day, record=struck)))
    assert accused in {each["key"] for each in centre.rows("violations")}
    detect(centre)
    left = [each for each in centre.rows("violations") if each["key"] == accused]
    assert all(struck not in each["evidence"] for each in left)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (filing(Ground.EARLY), "can be contested where it is held against"),
        (filing(Ground.LATE, MONDAY), "is H: late can be contested"),
        (filing(Ground.LATE, person="p-9"), "is not known"),
        (filing(Ground.LATE, date(2019, 1, 1)), "nobody served"),
        (filing(Ground.LATE, date(2027, 1, 1)), "has not come yet"),
        (filing(Ground.WRONG_PERSON, record="kiosk-1/x/1"), "is no look of this person"),
        (filing(Ground.WRONG_PERSON, record="'; DROP TABLE appeals; --"), "is no look of this person"),
        (filing(Ground.VIOLATION, violation="0" * 64), "no violation"),
    ],
)
def test_what_does_not_stand_against_the_person_cannot_be_contested(centre: Centre, what: Filing, told: str) -> None:
    with pytest.raises(AppealError, match=told):
        file(centre, what)
    assert centre.rows("appeals") == []


def test_another_persons_look_is_not_shown_by_contesting_it(centre: Centre) -> None:
    theirs = results(centre)["p-2", TUESDAY].in_record
    with pytest.raises(AppealError, match="no look of this person"):
        file(centre, filing(Ground.WRONG_PERSON, record=theirs))


def test_the_same_thing_is_contested_once(centre: Centre) -> None:
    appeal = file(centre, filing(Ground.LATE))
    with pytest.raises(AppealError, match="is being decided"):
        file(centre, filing(Ground.LATE))
    say(centre, appeal, word(Act.SUPPORT, HEAD, 2))
    say(centre, appeal, word(Act.REJECT, OFFICER, 3))
    with pytest.raises(AppealError, match="was rejected"):
        file(centre, filing(Ground.LATE))
    assert file(centre, filing(Ground.LATE), by=Actor(account="bkd-7"), part="bkd") != appeal


def test_lists_follow_the_clock(centre: Centre) -> None:
    appeal = file(centre, filing(Ground.LATE))
    filed = JUDGED + timedelta(days=1)

    def stages(now: datetime, *asked: Stage) -> list[tuple[int, Stage]]:
        with centre.writer.session() as session:
            which = listing.Which(stages=asked, units=["DISDIK"])
            found = listing.listed(session, which, now, LIMITS)
            assert len(found) == listing.count(session, which, now, LIMITS)
            return [(each.id, each.stage) for each in found]

    assert stages(filed, Stage.SUPERIOR) == [(appeal, Stage.SUPERIOR)]
    assert stages(filed, Stage.BKD) == []
    late = filed + timedelta(days=5)
    assert stages(late, Stage.BKD) == [(appeal, Stage.BKD)]
    assert stages(late, Stage.SUPERIOR) == []
    with centre.writer.session() as session:
        found = listing.detail(session, appeal, late, LIMITS)
    assert found is not None
    assert [each.act for each in found.steps] == ["file", "lapse"]
    say(centre, appeal, word(Act.ACCEPT, OFFICER, 9))
    assert [row["act"] for row in centre.rows("appeal_steps")] == ["file", "lapse", "accept"]


def test_a_step_that_fails_leaves_nothing(centre: Centre) -> None:
    appeal = file(centre, filing(Ground.LATE))
    for wrong in (word(Act.ACCEPT, OFFICER, 2), word(Act.SUPPORT, OWN, 2), word(Act.SUPPORT, HEAD, 2, why=" ")):
        with pytest.raises(AppealError, match=rf"appeal S-{appeal:05d}"):
            say(centre, appeal, wrong)
    assert [row["act"] for row in centre.rows("appeal_steps")] == ["file"]
    with pytest.raises(AppealError, match="there is no appeal"):
        say(centre, 999, word(Act.SUPPORT, HEAD, 2))

"""Spot checks over the pages and on both databases: drawn by lot, noted once a tap, held against the ledger."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from collector.accounts.roles import Role
from collector.judging import changing
from collector.judging.changing import Decision
from collector.judging.checks import Asked, ask_again, asked_again, looked_again
from collector.judging.entries import Decided, enter, set_pattern, set_turns, withdraw
from collector.rules.codes import Code
from collector.rules.evidence import Effect, Permit, Ruling
from collector.rules.hours import Turn
from collector.rules.ready import PERPRES_21_2023, SHIFT
from collector.rules.ruleset import Assembly, AssemblyKind
from collector.settings import CollectorSettings
from collector.store.engine import open_reader
from collector.store.violations import PhoneRecord
from collector.violating.detection import Detection
from collector.web import create_app
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.accounts import csrf, logged_in
from tests.fixtures.appeal_office import Clock, fill, week
from tests.fixtures.judged_office import NOW, WEEK, Wall, at, judge

THURSDAY, FRIDAY = WEEK[-2:]
NOON = at(FRIDAY, "12:00")


@pytest.fixture(scope="module")
def wall() -> Wall:
    return week()


@pytest.fixture
def clock() -> Clock:
    return Clock(at(FRIDAY, "11:50"))


@pytest.fixture
def centre(sqlite_url: str, tmp_path: Path, wall: Wall) -> Iterator[Centre]:
    """p-1 and p-2 were recorded on Friday, p-3 was not."""
    with opened(sqlite_url, tmp_path) as centre:
        fill(centre, wall, ("p-1", "p-2", "p-3"))
        yield centre


@pytest.fixture
def either(store_url: str, tmp_path: Path, wall: Wall) -> Iterator[Centre]:
    """The same on each database."""
    with opened(store_url, tmp_path) as centre:
        fill(centre, wall, ("p-1", "p-2", "p-3"))
        yield centre


@pytest.fixture
def app(centre: Centre, clock: Clock) -> Flask:
    return create_app(centre.writer.engine, centre.writer, CollectorSettings(), clock)


@pytest.fixture
def inspector(app: Flask) -> FlaskClient:
    return logged_in(app.test_client(), Role.INSPECTORATE)


def drawn(client: FlaskClient, **changed: str) -> str:
    told = {"day": str(FRIDAY), "first": "12:00", "last": "12:00", "weighting": "people", "least": "1"}
    answer = client.post("/spot-checks/", data={**told, "csrf_token": csrf(client), **changed})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def tapped(client: FlaskClient, page: str, person: str, seen: str, tap: str = "", **more: str) -> int:
    told = {"person": person, "seen": seen, "tap": tap or f"tap-{person}-{seen}", "csrf_token": csrf(client), **more}
    return client.post(f"{page}/note", data=told, headers={"Accept": "application/json"}).status_code


def detect(centre: Centre) -> None:
    reader = open_reader(centre.url)
    try:
        Detection(reader, centre.writer).run()
    finally:
        reader.dispose()


def asked(centre: Centre) -> tuple[Asked, ...]:
    with Session(centre.writer.engine) as session:
        return asked_again(session)


def test_from_the_draw_to_the_violation(either: Centre, clock: Clock) -> None:
    centre = either
    app = create_app(centre.writer.engine, centre.writer, CollectorSettings(), clock)
    inspector = logged_in(app.test_client(), Role.INSPECTORATE)
    detect(centre)  # a check that is closed later is looked at all the same
    page = drawn(inspector)
    clock.now = NOON
    blind = inspector.get(f"{page}/note").text
    assert "07:05" not in blind  # one notes what one sees, not what the ledger says
    assert tapped(inspector, page, "p-1", "absent", uniform="") == 200
    assert tapped(inspector, page, "p-2", "present", uniform="not", remark="tanpa papan nama") == 200
    assert tapped(inspector, page, "p-3", "absent") == 200
    told = inspector.get(page).text
    assert "pergi" in told
    assert "tanpa papan nama" in told
    assert inspector.post(f"{page}/close", data={"remark": "selesai", "csrf_token": csrf(inspector)}).status_code == 303
    detect(centre)
    [found] = [row for row in centre.rows("violations") if row["kind"] == "checked-in-and-gone"]
    assert (found["subject"], found["unit"], json.loads(found["facts"])) == ("p-1", "DISDIK", {"spot-check": "sidak/1"})
    sheet = inspector.get(f"{page}.csv").text.removeprefix("\ufeff")
    rows = {row["nama"]: row["hasil"] for row in csv.DictReader(io.StringIO(sheet, newline=""), delimiter=";")}
    assert sorted(rows.values()) == ["absent", "agrees", "gone"]
    assert tapped(inspector, page, "p-3", "present", "tap-too-late") == 409
    officer = logged_in(app.test_client(), Role.BKD_OFFICER)
    assert officer.get(page).status_code == 200
    assert f'href="{page}"' in officer.get(f"/violations/{found['key']}").text
    actions = [row["action"] for row in centre.rows("audit_log")]
    assert {"spot-check.draw", "spot-check.close"} <= set(actions)


def test_who_has_gone_home_after_work_is_no_reason_to_check(either: Centre, clock: Clock) -> None:
    centre = either
    clock.now = at(FRIDAY, "17:00")
    app = create_app(centre.writer.engine, centre.writer, CollectorSettings(), clock)
    inspector = logged_in(app.test_client(), Role.INSPECTORATE)
    page = drawn(inspector, first="17:00", last="17:00")
    for person in ("p-1", "p-3"):
        assert tapped(inspector, page, person, "absent") == 200
    told = inspector.get(page).text
    assert told.count("Tidak bertugas pada jam itu") >= 2
    assert inspector.post(f"{page}/close", data={"remark": "", "csrf_token": csrf(inspector)}).status_code == 303
    detect(centre)
    assert not [row for row in centre.rows("violations") if row["kind"] == "checked-in-and-gone"]


@pytest.mark.parametrize(("due", "noted"), [((FRIDAY, "02:00"), "02:00"), ((THURSDAY, "23:59"), "00:05")])
def test_a_night_guard_who_was_recorded_before_midnight_is_met_as_such_after_it(
    centre: Centre, inspector: FlaskClient, clock: Clock, due: tuple[date, str], noted: str
) -> None:
    drawn_for, moment = due
    door = Wall(FakeKiosk("kiosk-2"), arrives=at(FRIDAY, "18:55"))
    centre.register(door.kiosk)
    door.look(THURSDAY, "20:50", "p-1")
    door.look(THURSDAY, "20:55", "p-3")
    centre.take(*door.messages())
    with centre.writer.transaction() as connection:
        for person in ("p-1", "p-2", "p-3"):
            set_pattern(connection, person, SHIFT, THURSDAY, Decided("Ani", NOW))
            set_turns(connection, {(person, THURSDAY): Turn(day=THURSDAY, shift="malam")})
            set_turns(connection, {(person, FRIDAY): Turn(day=FRIDAY, shift=None)})
    judge(centre)
    clock.now = at(THURSDAY, "23:00")
    page = drawn(inspector, day=str(drawn_for), first=moment, last=moment)
    clock.now = at(FRIDAY, noted)
    for person, seen in (("p-1", "absent"), ("p-2", "absent"), ("p-3", "present")):
        assert tapped(inspector, page, person, seen) == 200
    assert inspector.post(f"{page}/close", data={"remark": "", "csrf_token": csrf(inspector)}).status_code == 303
    sheet = inspector.get(f"{page}.csv").text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(sheet, newline=""), delimiter=";"))
    assert {row["nama"].split()[0]: row["hasil"] for row in rows} == {
        "Siti": "gone",
        "Budi": "absent",
        "Dewi": "agrees",
    }
    [dewi] = [row for row in rows if row["hasil"] == "agrees"]
    assert dewi["presensi"] == ("20:55:00" if drawn_for == THURSDAY else "08-01-2026 20:55:00")
    detect(centre)
    evening = f"kiosk-2/{door.kiosk.chain}/1"
    [found] = [row for row in centre.rows("violations") if row["kind"] == "checked-in-and-gone"]
    assert (found["subject"], json.loads(found["evidence"])) == ("p-1", [evening])


def test_a_rota_that_comes_after_the_check_was_closed_is_followed_by_violation_and_page(
    either: Centre, clock: Clock
) -> None:
    centre = either
    app = create_app(centre.writer.engine, centre.writer, CollectorSettings(), clock)
    inspector = logged_in(app.test_client(), Role.INSPECTORATE)
    page = drawn(inspector)
    clock.now = NOON
    assert tapped(inspector, page, "p-1", "absent") == 200
    assert inspector.post(f"{page}/close", data={"remark": "", "csrf_token": csrf(inspector)}).status_code == 303

    def told() -> tuple[int, bool]:
        """Violations that stand, once the judge and the detectors have gone by; whether the page says gone."""
        judge(centre)
        detect(centre)
        gone = [row for row in centre.rows("violations") if row["kind"] == "checked-in-and-gone" and row["stands"]]
        return len(gone), ";gone;" in inspector.get(f"{page}.csv").text

    assert told() == (1, True)
    with centre.writer.transaction() as connection:
        set_pattern(connection, "p-1", SHIFT, FRIDAY, Decided("Ani", NOW))
        set_turns(connection, {("p-1", FRIDAY): Turn(day=FRIDAY, shift=None)})
    assert told() == (0, False)
    with centre.writer.transaction() as connection:
        set_turns(connection, {("p-1", FRIDAY): Turn(day=FRIDAY, shift="pagi")})
    assert told() == (1, True)
    with centre.writer.transaction() as connection:
        letter = Permit(person="p-1", code=Code.DL, since=FRIDAY, until=FRIDAY, letter="090/1")
        number = enter(connection, letter, "Ani", "surat menyusul", NOW)
    assert told() == (0, False)
    with centre.writer.transaction() as connection:
        withdraw(connection, number, "Ani", NOW)
        enter(connection, replace(letter, hours=(time(13), time(14))), "Ani", "izin pulang", NOW)
    assert told() == (1, True)  # a letter for the last hour of the shift says nothing of noon
    assert asked(centre) == ()
    with centre.writer.transaction() as connection:
        ask_again(connection, {FRIDAY: {"p-2", "p-3"}, FRIDAY - timedelta(days=2): {"p-1"}})  # nobody who was missed
    assert asked(centre) == ()
    with centre.writer.transaction() as connection:
        ask_again(connection, {FRIDAY - timedelta(days=1): {"p-1"}})  # a night's shift begins on the day before
    first = asked(centre)
    assert [each.day for each in first] == [FRIDAY]
    with centre.writer.transaction() as connection:
        ask_again(connection, {FRIDAY: {"p-1"}})
        looked_again(connection, first)
    assert asked(centre) != ()  # what was asked while they looked is looked at again


def test_a_look_that_was_ruled_somebody_elses_is_not_counted_for_whom_it_was_recorded(
    inspector: FlaskClient, centre: Centre, clock: Clock
) -> None:
    page = drawn(inspector)
    clock.now = NOON
    for person, seen in (("p-1", "absent"), ("p-3", "present")):
        assert tapped(inspector, page, person, seen) == 200
    assert inspector.post(f"{page}/close", data={"remark": "", "csrf_token": csrf(inspector)}).status_code == 303

    def told() -> tuple[dict[str, str], int]:
        detect(centre)
        sheet = inspector.get(f"{page}.csv").text.removeprefix("\ufeff")
        rows = csv.DictReader(io.StringIO(sheet, newline=""), delimiter=";")
        gone = [row for row in centre.rows("violations") if row["kind"] == "checked-in-and-gone" and row["stands"]]
        return {row["nama"].split()[0]: row["hasil"] for row in rows if row["dicatat"]}, len(gone)

    assert told() == ({"Siti": "gone", "Dewi": "unrecorded"}, 1)
    records = centre.rows("records")
    [look] = [one for one in records if one["person"] == "p-1" and one["at"] == at(FRIDAY, "07:05")]
    name = f"{look['kiosk']}/{look['chain']}/{look['seq']}"
    with centre.writer.transaction() as connection:
        for person, effect in (("p-1", Effect.STRIKE_LOOK), ("p-3", Effect.COUNT_LOOK)):
            ruling = Ruling(person=person, day=FRIDAY, effect=effect, entry="S-1", record=name)
            enter(connection, ruling, "bkd", "salah orang", NOW)
    assert told() == ({"Siti": "absent", "Dewi": "agrees"}, 0)


def test_a_look_by_telephone_is_one_to_page_and_violations(
    inspector: FlaskClient, centre: Centre, clock: Clock
) -> None:
    seen = at(FRIDAY, "08:00")
    told = {"record": "phone/1", "person": "p-3", "device": "d-1", "at": seen, "received_at": seen}
    with centre.writer.transaction() as connection:
        connection.execute(sa.insert(PhoneRecord).values(**told, latitude=-8.13, longitude=113.22, accuracy_m=10.0))
    page = drawn(inspector)
    clock.now = NOON
    assert tapped(inspector, page, "p-3", "absent") == 200
    assert inspector.post(f"{page}/close", data={"remark": "", "csrf_token": csrf(inspector)}).status_code == 303
    detect(centre)
    assert ";08:00:00;gone;" in inspector.get(f"{page}.csv").text
    [found] = [row for row in centre.rows("violations") if row["kind"] == "checked-in-and-gone"]
    assert (found["subject"], json.loads(found["evidence"])) == ("p-3", ["phone/1"])


def test_whose_place_was_the_ceremony_is_told_so_and_not_sought(
    inspector: FlaskClient, centre: Centre, clock: Clock
) -> None:
    ceremony = Assembly(name="upacara hari jadi", kind=AssemblyKind.UPACARA, opens=time(11), closes=time(13), on=FRIDAY)
    rules = replace(PERPRES_21_2023, version=2, since=FRIDAY, assemblies=(ceremony,))
    with centre.writer.transaction() as connection:
        name = changing.propose(connection, rules, "Ani", NOW)
        changing.approve(connection, name, Decision("Budi", NOW, 2, "SE Bupati"))
    page = drawn(inspector)
    clock.now = NOON
    for person, seen in (("p-1", "absent"), ("p-2", "present"), ("p-3", "absent")):
        assert tapped(inspector, page, person, seen) == 200
    assert inspector.post(f"{page}/close", data={"remark": "", "csrf_token": csrf(inspector)}).status_code == 303
    told = inspector.get(page).text
    assert told.count("(upacara hari jadi)") == 2
    assert "Jam apel atau upacara" in told
    sheet = inspector.get(f"{page}.csv").text.removeprefix("\ufeff")
    rows = [(row["hasil"], row["acara"]) for row in csv.DictReader(io.StringIO(sheet, newline=""), delimiter=";")]
    assert sorted(rows) == [("agrees", ""), *[("gathering", "upacara hari jadi")] * 2]
    detect(centre)
    assert not [row for row in centre.rows("violations") if row["kind"] == "checked-in-and-gone"]


def test_a_tap_that_is_sent_again_notes_nothing_twice_and_the_last_one_counts(
    inspector: FlaskClient, centre: Centre, clock: Clock
) -> None:
    page = drawn(inspector)
    clock.now = NOON
    for _ in range(3):
        assert tapped(inspector, page, "p-1", "absent", "tap-aaaa") == 200
    assert tapped(inspector, page, "p-1", "present", "tap-bbbb") == 200
    # An older tap that comes late from a telephone without a network changes nothing.
    assert tapped(inspector, page, "p-1", "absent", "tap-cccc", ago="600000") == 200
    assert [row["tap"] for row in centre.rows("spot_notes")] == ["tap-aaaa", "tap-bbbb", "tap-cccc"]
    late = next(row["at"] for row in centre.rows("spot_notes") if row["tap"] == "tap-cccc")
    assert NOON - late == timedelta(minutes=10)
    assert 'id="p-p-1" data-seen="present"' in inspector.get(f"{page}/note").text


def test_a_draw_stays_and_can_be_drawn_again(inspector: FlaskClient, centre: Centre) -> None:
    pages = [drawn(inspector, weighting=how) for how in ("people", "equal", "violations")]
    listed = inspector.get("/spot-checks/").text
    assert all(f'href="{page}"' in listed for page in pages)
    assert "Undian ulang memberi hasil yang sama" in inspector.get(pages[0]).text
    with centre.writer.transaction() as connection:
        connection.execute(sa.text("UPDATE spot_checks SET at = :at"), {"at": NOON.replace(hour=9, tzinfo=None)})
    assert "isinya diubah" in inspector.get(pages[0]).text


@pytest.mark.parametrize(
    "changed",
    [
        {"day": "2020-01-01"},
        {"day": "x"},
        {"first": "15:00", "last": "09:00"},
        {"weighting": "luck"},
        {"least": "9000"},
    ],
)
def test_what_cannot_be_drawn_is_said(inspector: FlaskClient, centre: Centre, changed: dict[str, str]) -> None:
    told = {"day": str(FRIDAY), "first": "09:00", "last": "15:00", "weighting": "people", "least": "1", **changed}
    answer = inspector.post("/spot-checks/", data={**told, "csrf_token": csrf(inspector)})
    assert answer.status_code == 200
    assert centre.rows("spot_checks") == []


def test_nobody_else_draws_or_notes(app: Flask, inspector: FlaskClient, centre: Centre) -> None:
    page = drawn(inspector)
    officer = logged_in(app.test_client(), Role.BKD_ADMIN)
    told = {"day": str(FRIDAY), "first": "09:00", "last": "15:00", "weighting": "people", "csrf_token": csrf(officer)}
    assert officer.post("/spot-checks/", data=told).status_code == 403
    assert tapped(officer, page, "p-1", "absent") == 403
    assert logged_in(app.test_client(), Role.OPD_HEAD, "DISDIK").get(page).status_code == 403
    assert len(centre.rows("spot_checks")) == 1


@pytest.mark.parametrize(
    ("person", "seen", "more"),
    [
        ("nobody", "present", {}),
        ("p-1", "gone", {}),
        ("p-1", "present", {"tap": "'; DROP"}),
        ("p-1", "present", {"uniform": "<b>"}),
    ],
)
def test_nonsense_is_not_noted(
    inspector: FlaskClient, centre: Centre, person: str, seen: str, more: dict[str, str]
) -> None:
    assert tapped(inspector, drawn(inspector), person, seen, **more) == 409
    assert centre.rows("spot_notes") == []


def test_a_remark_is_shown_and_does_not_run(inspector: FlaskClient) -> None:
    page = drawn(inspector)
    assert tapped(inspector, page, "p-1", "present", remark="<script>alert(1)</script>=1+1") == 200
    for path in (page, f"{page}/note"):
        assert "<script>alert" not in inspector.get(path).text

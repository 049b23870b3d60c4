"""The pages of appeals: who sees which, who may do what, what is refused, and nothing that a person writes runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from collector.accounts.roles import Role
from collector.settings import CollectorSettings
from collector.store.appeals import StoredAppeal
from collector.store.people import Unit
from collector.web import create_app
from tests.centre import Centre, opened
from tests.fixtures.accounts import csrf, logged_in
from tests.fixtures.appeal_office import THURSDAY, TUESDAY, WEDNESDAY, Clock, fill, week
from tests.fixtures.judged_office import Wall, judge, results

HOSTILE = "<script>alert('x')</script>'; DROP TABLE appeals; --\u202e{{ 7*7 }}"


@pytest.fixture(scope="module")
def wall() -> Wall:
    return week()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def centre(sqlite_url: str, tmp_path: Path, wall: Wall) -> Iterator[Centre]:
    with opened(sqlite_url, tmp_path) as centre:
        fill(centre, wall, ("p-1", "p-2", "p-3"))
        with centre.writer.session() as session:
            session.add(Unit(code="DINKES", name="Dinas Kesehatan"))
        yield centre


@pytest.fixture
def app(centre: Centre, clock: Clock) -> Flask:
    return create_app(centre.writer.engine, centre.writer, CollectorSettings(), clock)


@pytest.fixture
def own(app: Flask) -> FlaskClient:
    """The browser of p-1."""
    return logged_in(app.test_client(), Role.EMPLOYEE, person="p-1")


@pytest.fixture
def head(app: Flask) -> FlaskClient:
    return logged_in(app.test_client(), Role.OPD_HEAD, "DISDIK")


@pytest.fixture
def officer(app: Flask) -> FlaskClient:
    return logged_in(app.test_client(), Role.BKD_OFFICER)


def file(client: FlaskClient, ground: str = "late", day: object = TUESDAY, person: str = "p-1", **more: str) -> str:
    """File an appeal; the page that it leads to."""
    told = {"ground": ground, "why": "Saya berdiri di depan kiosk.", "csrf_token": csrf(client), **more}
    answer = client.post(f"/appeals/new/{person}/{day}", data=told)
    assert answer.status_code == 303, re.findall(r'class="error"[^>]*>(.*?)</small>', answer.text, re.DOTALL)
    return str(answer.location)


def say(client: FlaskClient, page: str, form: str, act: str = "", why: str = "Diperiksa.", **more: str) -> int:
    told = {"form": form, f"{form}-act": act, f"{form}-why": why, "csrf_token": csrf(client)}
    told |= {f"{form}-{name}": value for name, value in more.items()}
    return client.post(f"{page}/say", data=told).status_code


def test_from_ones_own_day_to_the_changed_result(
    own: FlaskClient, head: FlaskClient, officer: FlaskClient, centre: Centre, clock: Clock
) -> None:
    days = own.get("/appeals/days/p-1?month=2026-01").text
    assert f"/appeals/new/p-1/{TUESDAY}" in days
    assert "terlambat 40 menit" in days
    page = file(own, around="07:25")
    assert "Di atasan" in own.get(page).text
    assert "wajah tidak dikenali, 3 kali" in head.get(page).text
    assert say(head, page, "superior", "support") == 303
    assert say(officer, page, "bkd", "accept") == 303
    judge(centre, clock())
    assert [code.value for code in results(centre)["p-1", TUESDAY].codes] == ["H"]
    told = own.get(page).text
    assert "Diputus dengan S-00001: datang dimaafkan." in told
    assert "Diterima" in told
    actions = [row["action"] for row in centre.rows("audit_log") if row["subject"] == "S-00001"]
    assert [each for each in actions if each != "appeal.read"] == ["appeal.file", "appeal.support", "appeal.accept"]


def test_each_role_has_its_inbox(own: FlaskClient, head: FlaskClient, officer: FlaskClient, app: Flask) -> None:
    page = file(own)
    assert page in head.get("/appeals/").text
    assert page not in officer.get("/appeals/").text
    assert page in officer.get("/appeals/?tab=superior").text
    assert page in own.get("/appeals/").text
    other = logged_in(app.test_client(), Role.OPD_HEAD, "DINKES")
    assert page not in other.get("/appeals/").text
    assert other.get(page).status_code == 404
    stranger = logged_in(app.test_client(), Role.EMPLOYEE, person="p-2")
    assert page not in stranger.get("/appeals/").text
    assert stranger.get(page).status_code == 404
    assert logged_in(app.test_client(), Role.INSPECTORATE).get(page).status_code == 200


def test_nobody_meets_a_form_that_is_not_theirs(
    own: FlaskClient, head: FlaskClient, officer: FlaskClient, app: Flask
) -> None:
    page = file(own)
    inspector = logged_in(app.test_client(), Role.INSPECTORATE)
    operator = logged_in(app.test_client(), Role.OPD_OPERATOR, "DISDIK")
    for client, form, act in (
        (own, "superior", "support"),
        (own, "bkd", "accept"),
        (operator, "superior", "support"),
        (head, "bkd", "accept"),
        (officer, "superior", "support"),
        (officer, "bkd", "accept"),  # the superior comes first
        (officer, "withdraw", ""),
        (inspector, "bkd", "accept"),
    ):
        assert say(client, page, form, act) == 403
    assert "Di atasan" in own.get(page).text


def test_an_officer_does_not_decide_about_their_own_day(app: Flask, head: FlaskClient, clock: Clock) -> None:
    me = logged_in(app.test_client(), Role.BKD_OFFICER, person="p-1", login="bkd-siti")
    page = file(me)
    assert say(head, page, "superior", "object") == 303
    assert "Putusan BKD" not in me.get(page).text
    assert say(me, page, "bkd", "accept") == 403
    assert say(me, page, "withdraw") == 303


def test_a_head_does_not_speak_about_what_they_filed(head: FlaskClient) -> None:
    page = file(head)
    assert say(head, page, "superior", "support") == 403


def test_an_operator_files_for_the_people_of_their_unit_alone(app: Flask) -> None:
    operator = logged_in(app.test_client(), Role.OPD_OPERATOR, "DISDIK")
    assert file(operator, "absent", WEDNESDAY)
    stranger = logged_in(app.test_client(), Role.OPD_OPERATOR, "DINKES")
    told = {"ground": "late", "why": "x", "csrf_token": csrf(stranger)}
    assert stranger.post(f"/appeals/new/p-1/{TUESDAY}", data=told).status_code == 404
    assert stranger.get("/appeals/days/p-1?month=2026-01").status_code == 404


def test_an_employee_files_for_themselves_alone(own: FlaskClient) -> None:
    told = {"ground": "late", "why": "x", "csrf_token": csrf(own)}
    assert own.post(f"/appeals/new/p-2/{TUESDAY}", data=told).status_code == 404
    assert own.get("/appeals/days/p-2?month=2026-01").status_code == 404


def test_a_wrong_person_goes_to_whom_the_agency_names(
    own: FlaskClient, head: FlaskClient, officer: FlaskClient, centre: Centre, clock: Clock
) -> None:
    struck = results(centre)["p-1", THURSDAY].in_record
    page = file(own, "wrong-person", THURSDAY, record=struck)
    assert say(head, page, "superior", "support") == 303
    form = officer.get(page).text
    assert '<option value="p-3"' in form
    assert '<option value="p-1"' not in form
    assert say(officer, page, "bkd", "accept", truly="p-3") == 303
    judge(centre, clock())
    found = results(centre)
    assert struck != found["p-1", THURSDAY].in_record
    assert struck == found["p-3", THURSDAY].in_record


def test_the_agency_finds_the_look_of_who_was_taken_for_another(
    own: FlaskClient, head: FlaskClient, officer: FlaskClient, centre: Centre, clock: Clock
) -> None:
    theirs = results(centre)["p-2", TUESDAY].in_record
    missing = {"ground": "wrong-person", "why": "x", "csrf_token": csrf(own)}
    assert "Sebutkan kira-kira jam berapa" in own.post(f"/appeals/new/p-1/{TUESDAY}", data=missing).text
    page = file(own, "wrong-person", TUESDAY, around="07:05")
    assert "Budi" not in own.get(page).text
    assert say(head, page, "superior", "support") == 303
    assert theirs in officer.get(page).text
    assert say(officer, page, "bkd", "accept") == 200
    assert say(officer, page, "bkd", "accept", record=theirs) == 303
    judge(centre, clock())
    assert results(centre)["p-1", TUESDAY].in_record == theirs


def test_a_silent_superior_is_passed_over(
    own: FlaskClient, officer: FlaskClient, head: FlaskClient, clock: Clock
) -> None:
    page = file(own)
    clock.pass_days(5)
    own_again = logged_in(own, Role.EMPLOYEE, person="p-1")
    assert "Atasan diam sampai lewat batas waktu" in own_again.get(page).text
    assert say(logged_in(head, Role.OPD_HEAD, "DISDIK"), page, "superior", "support") == 403
    assert say(logged_in(officer, Role.BKD_OFFICER), page, "bkd", "reject") == 303


def test_what_somebody_writes_is_shown_and_does_not_run(own: FlaskClient, head: FlaskClient, centre: Centre) -> None:
    page = file(own, why=HOSTILE)
    for client in (own, head):
        told = client.get(page).text
        assert "<script>alert" not in told
        assert "&lt;script&gt;alert" in told
        assert "{{ 7*7 }}" in told
    assert len(centre.rows("appeals")) == 1


@pytest.mark.parametrize(
    "told",
    [
        {"ground": "nonsense"},
        {"ground": "absent"},
        {"ground": "violation:" + "0" * 64},
        {"ground": "wrong-person", "record": "kiosk-1/x/1"},
        {"why": "   "},
        {"why": "x" * 2001},
        {"around": "25:99"},
    ],
)
def test_nonsense_is_said_at_its_field_and_files_nothing(
    own: FlaskClient, centre: Centre, told: dict[str, str]
) -> None:
    form = {"ground": "late", "why": "ada sebabnya", "csrf_token": csrf(own), **told}
    answer = own.post(f"/appeals/new/p-1/{TUESDAY}", data=form)
    assert answer.status_code == 200
    assert "error" in answer.text
    assert centre.rows("appeals") == []


@pytest.mark.parametrize(
    "path", ["/appeals/new/p-1/never", "/appeals/new/p-1/2019-01-01", "/appeals/99", "/appeals/new/x/2026-01-06"]
)
def test_what_is_not_there_is_not_found(own: FlaskClient, path: str) -> None:
    assert own.get(path).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_appeals(
    own: FlaskClient, officer: FlaskClient, centre: Centre
) -> None:
    file(own)
    told: list[str] = []
    sa.event.listen(centre.writer.engine, "before_cursor_execute", lambda *args: told.append(args[2]))

    def asked() -> int:
        told.clear()
        assert officer.get("/appeals/?tab=superior").status_code == 200
        return len([one for one in told if not one.startswith(("BEGIN", "PRAGMA"))])

    before = asked()
    row = {key: value for key, value in centre.rows("appeals")[0].items() if key != "id"}
    with centre.writer.transaction() as connection:
        connection.execute(sa.insert(StoredAppeal), [{**row, "day": WEDNESDAY} for _ in range(120)])
    assert asked() == before

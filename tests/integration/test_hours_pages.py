"""The pages of hours: what a form refuses, who may approve, and what today or the past costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from collector.accounts.roles import Role
from collector.judging import book, changing
from collector.judging.changing import Decision
from collector.judging.editing import fields
from collector.rules.document import RULE_SET
from collector.rules.ready import PERPRES_21_2023
from collector.rules.rulebook import Holiday
from collector.settings import CollectorSettings
from collector.web import create_app
from tests.centre import Centre, opened
from tests.fixtures.accounts import csrf, logged_in
from tests.screenshots import office

CHANGE = "/hours/rules/perpres-21-2023/1/change"


@pytest.fixture
def centre(sqlite_url: str, tmp_path: Path) -> Iterator[Centre]:
    office.fill_at(sqlite_url, people=10)
    with opened(sqlite_url, tmp_path) as centre:
        yield centre


@pytest.fixture
def client(centre: Centre) -> FlaskClient:
    app = create_app(centre.writer.engine, centre.writer, CollectorSettings(), lambda: office.NOW)
    client = logged_in(app.test_client(), Role.BKD_OFFICER)
    client.get("/hours/")
    return client


def propose(client: FlaskClient, **said: str) -> int:
    form = fields(PERPRES_21_2023) | {"since": "2026-02-01", **said}
    return client.post(CHANGE, data={"csrf_token": csrf(client), **form}).status_code


def states(centre: Centre) -> dict[str, str]:
    return {f"{row['id']}/{row['version']}": row["state"] for row in centre.rows("rule_sets")}


def approve(client: FlaskClient, **form: str) -> str:
    path = "/hours/rules/perpres-21-2023/2/approve"
    told = client.post(path, data={"csrf_token": csrf(client), **form}, follow_redirects=True)
    assert told.status_code == 200
    return told.text


def test_a_new_centre_shows_the_ready_rule_sets(client: FlaskClient) -> None:
    page = client.get("/hours/").text
    assert "Perpres 21/2023" in page
    assert "Ramadan 1447 H" in page
    document = client.get("/hours/rules/perpres-21-2023/1.json")
    assert RULE_SET.decode(document.data) == PERPRES_21_2023


def test_a_field_that_is_wrong_keeps_the_form_and_proposes_nothing(client: FlaskClient, centre: Centre) -> None:
    assert propose(client, **{"week.five-day.0.end": "", "tpp.TK": "a"}) == 200
    assert "perpres-21-2023/2" not in states(centre)
    assert propose(client) == 303
    assert states(centre)["perpres-21-2023/2"] == "proposed"


def test_who_proposed_is_refused_also_without_the_page(client: FlaskClient, centre: Centre) -> None:
    propose(client)
    assert "orang lain harus menyetujui" in approve(client)
    logged_in(client, Role.OPD_HEAD, "DISDIK")
    assert client.post("/hours/rules/perpres-21-2023/2/approve", data={"csrf_token": csrf(client)}).status_code == 403
    logged_in(client, Role.BKD_ADMIN)
    approve(client)
    assert states(centre)["perpres-21-2023/2"] == "approved"
    assert {"rules.propose", "rules.approve"} <= {row["action"] for row in centre.rows("audit_log")}


def test_today_takes_two_ticks_and_a_reason(client: FlaskClient, centre: Centre) -> None:
    propose(client, since=str(office.TODAY))
    logged_in(client, Role.BKD_ADMIN)
    for form in ({}, {"sure": "y"}, {"sure": "y", "surer": "y"}, {"sure": "y", "why": "SE"}):
        assert "tegaskan dua kali dengan alasan" in approve(client, **form)
    approve(client, sure="y", surer="y", why="SE Bupati")
    [row] = [row for row in centre.rows("rule_sets") if row["version"] == 2]
    assert (row["state"], row["confirmations"], row["reason"]) == ("approved", 2, "SE Bupati")


def test_a_document_is_proposed_or_refused_with_its_field(client: FlaskClient, centre: Centre) -> None:
    def send(document: str) -> str:
        told = client.post("/hours/document", data={"csrf_token": csrf(client), "document": document})
        return told.text if told.status_code == 200 else told.location

    assert "Field required" in send("{}")
    assert "version" in send(RULE_SET.encode(replace(PERPRES_21_2023, version=7)).decode())
    new = replace(PERPRES_21_2023, id="perbup-1", since=date(2026, 3, 1), units=("DISDIK",))
    assert "/hours/rules/perbup-1/1/impact" in send(RULE_SET.encode(new).decode())
    assert states(centre)["perbup-1/1"] == book.PROPOSED


def test_a_proposal_is_withdrawn_and_what_holds_is_not(client: FlaskClient, centre: Centre) -> None:
    propose(client)
    for number in (1, 2):
        client.post(f"/hours/rules/perpres-21-2023/{number}/withdraw", data={"csrf_token": csrf(client)})
    assert (states(centre)["perpres-21-2023/1"], states(centre)["perpres-21-2023/2"]) == ("approved", "withdrawn")


def test_a_day_off_is_entered_by_decree_and_today_takes_two_ticks(client: FlaskClient, centre: Centre) -> None:
    def enter(day: str, **form: str) -> int:
        said = {"csrf_token": csrf(client), "day": day, "name": "Hari Jadi", "decree": "SK 1", "unit": "DISDIK", **form}
        return client.post("/holidays/new", data=said).status_code

    assert enter("2026-12-15") == 303
    assert enter(str(office.TODAY)) == 200
    assert enter(str(office.TODAY), sure="y", surer="y", why="SE") == 303
    entered = [row for row in centre.rows("holidays") if row["source"] == book.DECREE]
    assert [(str(row["day"]), row["unit"]) for row in entered] == [("2026-12-15", "DISDIK"), ("2026-01-05", "DISDIK")]
    client.post(f"/holidays/{entered[0]['id']}/withdraw", data={"csrf_token": csrf(client)})
    assert [row["id"] for row in centre.rows("holidays") if row["withdrawn_at"]] == [entered[0]["id"]]
    assert "Hari Jadi" in client.get("/holidays/?year=2026").text


def test_a_day_off_that_has_passed_is_withdrawn_with_two_ticks_and_a_reason(
    client: FlaskClient, centre: Centre
) -> None:
    with centre.writer.session() as session:
        off = Holiday(day=office.TODAY, name="Hari Jadi", decree="SK 1")
        changing.add_holiday(session.connection(), off, Decision("ani", office.NOW, 2, "SE"))
    number = next(row["id"] for row in centre.rows("holidays") if row["source"] == book.DECREE)

    def withdraw(**form: str) -> str:
        said = {"csrf_token": csrf(client), **form}
        return client.post(f"/holidays/{number}/withdraw", data=said, follow_redirects=True).text

    assert f'id="surer-{number}"' in client.get(f"/holidays/?year={office.TODAY.year}").text
    for form in ({}, {"sure": "y", "surer": "y"}, {"sure": "y", "why": "SE dicabut"}):
        assert "tegaskan dua kali" in withdraw(**form)
    assert [row["id"] for row in centre.rows("holidays") if row["withdrawn_at"]] == []
    assert "Ditarik." in withdraw(sure="y", surer="y", why="SE dicabut")
    assert [(row["id"], row["reason"]) for row in centre.rows("holidays") if row["withdrawn_at"]] == [
        (number, "SE dicabut")
    ]


def test_looking_at_a_year_does_not_keep_its_list(client: FlaskClient, centre: Centre) -> None:
    assert "2028" in client.get("/holidays/?year=2028").text
    assert "Kemerdekaan" in client.get("/holidays/?year=2028").text
    assert centre.rows("holidays") == []

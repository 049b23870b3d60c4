"""The pages of PIN presence: within one's reach, the PIN shown once, and every step in the audit log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from collector.accounts.roles import Role
from collector.people.sealing import pin_name
from collector.settings import CollectorSettings
from collector.store.leave import StoredPin
from collector.web import create_app
from tests.centre import Centre, opened
from tests.fixtures.accounts import csrf, logged_in
from tests.screenshots import office
from wire.pin import digest_of

LETTER = {
    "guarantor": "Hj. Rahma, Kepala Dinas",
    "letter": "800/12",
    "reason": "Perban di wajah",
    "until": "2026-01-31",
}


@pytest.fixture
def centre(sqlite_url: str, tmp_path: Path) -> Iterator[Centre]:
    office.fill_at(sqlite_url, people=40)
    with opened(sqlite_url, tmp_path) as centre:
        yield centre


@pytest.fixture
def client(centre: Centre, tmp_path: Path) -> FlaskClient:
    settings = CollectorSettings.model_validate({"store": {"keys": str(tmp_path / "centre-keys")}})
    app = create_app(centre.writer.engine, centre.writer, settings, lambda: office.NOW)
    return logged_in(app.test_client(), Role.OPD_OPERATOR, "DISDIK")


def staff(centre: Centre, unit: str) -> str:
    return next(str(row["person"]) for row in centre.rows("assignments") if row["unit"] == unit)


def send(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    return client.post(path, data={"csrf_token": csrf(client), **fields})


def shown(answer: TestResponse) -> tuple[str, str]:
    """Number and PIN of a slip."""
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'id="number">(\d{5})<.*?id="pin">(\d{3}) (\d{3})<', answer.text, re.DOTALL)
    assert found is not None, "this is no slip"
    return found[1], found[2] + found[3]


def actions(centre: Centre) -> list[tuple[str, str]]:
    return [(row["action"], row["subject"]) for row in centre.rows("audit_log") if row["action"].startswith("pin.")]


def test_an_operator_gives_a_pin_on_paper_and_it_is_shown_once(client: FlaskClient, centre: Centre) -> None:
    person = staff(centre, "DISDIK")
    number, pin = shown(send(client, f"/pins/{person}", **LETTER))
    with centre.writer.session() as session:
        row = session.get_one(StoredPin, person)
        assert centre.keys.vault.unseal(row.digest, pin_name(person)) == digest_of(pin, row.salt, row.cost)
    page = client.get(f"/pins/{person}").text
    assert number in page
    assert pin not in page
    assert "Hj. Rahma" in page
    listed = client.get("/pins/").text
    assert f"/pins/{person}" in listed
    assert number not in listed
    assert pin not in str(centre.rows("audit_log"))
    assert actions(centre) == [("pin.give", person), ("pin.read", person)]
    assert client.get(f"/people/{person}/card").text.count("PIN diberikan dengan jaminan") == 1


def test_a_new_pin_keeps_number_and_guarantee_and_an_end_needs_a_reason(client: FlaskClient, centre: Centre) -> None:
    person = staff(centre, "DISDIK")
    number, pin = shown(send(client, f"/pins/{person}", **LETTER))
    again, other = shown(send(client, f"/pins/{person}/renew"))
    assert (again, other != pin) == (number, True)
    send(client, f"/pins/{person}/end", why=" ")
    assert len(centre.rows("pins")) == 1
    assert send(client, f"/pins/{person}/end", why="perban dilepas").status_code == 303
    assert centre.rows("pins") == []
    assert [action for action, _ in actions(centre)] == ["pin.give", "pin.renew", "pin.end"]
    assert send(client, f"/pins/{person}/renew").status_code == 303
    assert "PIN tidak diberikan" in client.get(f"/pins/{person}").text
    assert centre.rows("pins") == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"until": "2026-01-04"}, "batas terlama"),
        ({"until": "2026-12-31"}, "batas terlama"),
        ({"guarantor": ""}, "error"),
        ({"letter": ""}, "error"),
        ({"reason": "x" * 301}, "error"),
        ({"until": "kapan"}, "error"),
    ],
)
def test_what_is_no_guarantee_is_told_at_its_field(
    client: FlaskClient, centre: Centre, changed: dict[str, str], told: str
) -> None:
    answer = send(client, f"/pins/{staff(centre, 'DISDIK')}", **{**LETTER, **changed})
    assert answer.status_code == 200
    assert told in answer.text
    assert centre.rows("pins") == []


def test_nobody_gives_a_pin_beyond_their_reach(client: FlaskClient, centre: Centre) -> None:
    other = staff(centre, "BKD")
    assert client.get(f"/pins/{other}").status_code == 404
    for path in (f"/pins/{other}", f"/pins/{other}/renew", f"/pins/{other}/end"):
        assert send(client, path, why="x", **LETTER).status_code == 404
    assert centre.rows("pins") == []
    logged_in(client, Role.BKD_OFFICER)
    shown(send(client, f"/pins/{other}", **LETTER))
    logged_in(client, Role.OPD_OPERATOR, "DISDIK")
    assert other not in client.get("/pins/").text
    assert client.get("/pins/?unit=BKD").status_code == 404
    logged_in(client, Role.INSPECTORATE)
    assert "Hj. Rahma" in client.get("/pins/").text
    assert client.get(f"/pins/{other}").status_code == 403


def test_a_hostile_reason_is_text(client: FlaskClient, centre: Centre) -> None:
    person = staff(centre, "DISDIK")
    shown(send(client, f"/pins/{person}", **{**LETTER, "reason": "<script>alert(1)</script>"}))
    for path in ("/pins/", f"/pins/{person}"):
        assert "<script>alert" not in client.get(path).text


def test_the_list_asks_as_often_for_many_as_for_one(client: FlaskClient, centre: Centre) -> None:
    people = [row["person"] for row in centre.rows("assignments") if row["unit"] == "DISDIK"]
    shown(send(client, f"/pins/{people[0]}", **LETTER))
    read: list[str] = []
    event.listen(centre.writer.engine, "before_cursor_execute", lambda *told: read.append(told[2]))
    client.get("/pins/")
    once = len(read)
    for person in people[1:5]:
        shown(send(client, f"/pins/{person}", **LETTER))
    read.clear()
    client.get("/pins/")
    assert len(read) == once

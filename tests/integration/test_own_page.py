"""The own page: one's days with reasons and receipts, a copy of one's data, who looked at it, and asking for a correction."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from collector.accounts.roles import Role
from tests.centre import Centre
from tests.fixtures.accounts import csrf, logged_in
from tests.fixtures.appeal_office import Clock, served, week

PAGE = "/me/?month=2026-01"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Centre, FlaskClient]]:
    with served(tmp_path_factory.mktemp("own"), week(), Clock()) as (centre, server):
        yield centre, server.app.test_client()


@pytest.fixture
def client(office: tuple[Centre, FlaskClient]) -> FlaskClient:
    return logged_in(office[1], Role.EMPLOYEE, person="p-1")


def test_each_day_says_what_it_became_and_why_over_its_looks(client: FlaskClient) -> None:
    page = client.get(PAGE).text
    tuesday = page.partition('id="d-2026-01-06"')[2].partition("</li>\n    <li class")[0]
    for said in ("TL2", "40 menit terlambat", "08:10", "diterima pusat", "/appeals/new/p-1/2026-01-06"):
        assert said in tuesday
    wednesday = page.partition('id="d-2026-01-07"')[2].partition("</li>")[0]
    assert ">TK<" in wednesday
    assert "/leave/person/p-1" in page


def test_the_persons_page_has_the_same_days_for_their_superiors(client: FlaskClient) -> None:
    logged_in(client)
    page = client.get("/people/p-1?month=2026-01").text
    tuesday = page.partition('id="d-2026-01-06"')[2].partition("</tbody>")[0]
    for said in ("TL2", "40 menit terlambat", "08:10", "/kiosks/kiosk-1"):
        assert said in tuesday


def test_only_others_are_told_as_readers_and_by_name(client: FlaskClient) -> None:
    client.get(PAGE)
    logged_in(client, Role.INSPECTORATE)
    client.get("/people/p-1?month=2026-01")
    logged_in(client, Role.EMPLOYEE, person="p-1")
    readers = client.get(PAGE).text.partition("Siapa yang melihat data saya")[2].partition("</section>")[0]
    assert "inspectorate (Inspektorat) · melihat kehadiran" in readers
    assert "employee-p-1" not in readers


def test_the_copy_holds_all_of_oneself_and_nobody_else_and_no_template(client: FlaskClient) -> None:
    copy = json.loads(client.get("/me/data.json").data)
    assert copy["data"]["name"] == "Siti Rahmawati, S.Pd."
    assert {row["day"]: row["codes"].strip() for row in copy["hari"]}["2026-01-06"] == "H TL2"
    assert len(copy["presensi"]) >= 8
    assert (copy["pola"], copy["jadwal"]) == ([], [])
    assert set(copy["wajah"][0]) <= {"model", "photos", "made_at", "potongan"}
    assert not any(other in json.dumps(copy) for other in ("p-2", "Budi Santoso"))
    rows = list(csv.reader(io.StringIO(client.get("/me/data.csv").text.removeprefix("\ufeff")), delimiter=";"))
    assert ["data", "1", "name", "Siti Rahmawati, S.Pd."] in rows
    assert len([row for row in rows if row[0] == "presensi" and row[2] == "at"]) == len(copy["presensi"])


def test_an_account_of_nobody_has_no_own_page(client: FlaskClient) -> None:
    logged_in(client)
    assert [client.get(path).status_code for path in ("/me/", "/me/data.json", "/me/data.csv")] == [404] * 3


def test_a_correction_is_asked_for_answered_and_answered_once(client: FlaskClient) -> None:
    refused = client.post("/me/", data={"csrf_token": csrf(client), "about": "a"}).text
    assert "tulis dengan 5 sampai 2000" in refused
    about = "Nama saya <b>Siti Rahma</b>, bukan Rahmawati"
    assert client.post("/me/", data={"csrf_token": csrf(client), "about": about}).status_code == 303
    assert "<b>Siti Rahma</b>" not in client.get(PAGE).text
    logged_in(client)
    page = client.get("/me/requests").text
    assert "Nama saya" in page
    path = page.partition('action="/me/requests/')[2].partition("/")[0]
    for answer, how in (("", "done"), ("Sudah diperbaiki menurut SK.", "done"), ("Tidak jadi.", "refused")):
        client.post(f"/me/requests/{path}/{how}", data={"csrf_token": csrf(client), "answer": answer})
    assert client.post(f"/me/requests/{path}/other", data={"csrf_token": csrf(client)}).status_code == 404
    logged_in(client, Role.EMPLOYEE, person="p-1")
    page = client.get(PAGE).text
    assert "Sudah diperbaiki menurut SK." in page
    assert "Tidak jadi." not in page


def test_requests_of_one_person_that_wait_are_few(client: FlaskClient) -> None:
    logged_in(client, Role.EMPLOYEE, person="p-3")
    told = [
        client.post("/me/", data={"csrf_token": csrf(client), "about": f"permintaan {n}"}).status_code for n in range(6)
    ]
    assert told == [303] * 5 + [200]


def test_the_number_of_queries_is_the_same_for_a_full_month_and_an_empty_one(
    office: tuple[Centre, FlaskClient], client: FlaskClient
) -> None:
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    counts = []
    event.listen(office[0].writer.engine, "before_cursor_execute", note)
    try:
        for path in (PAGE, "/me/?month=2025-03"):
            seen.clear()
            assert client.get(path).status_code == 200
            counts.append(len([one for one in seen if one.startswith("SELECT")]))
    finally:
        event.remove(office[0].writer.engine, "before_cursor_execute", note)
    assert counts[0] == counts[1] <= 16

"""The pages of leave: within one's reach, with a letter that does nothing, warnings before a decision."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from collector.accounts.roles import Role
from collector.settings import CollectorSettings
from collector.web import create_app
from tests.centre import Centre, opened
from tests.fixtures.accounts import csrf, logged_in
from tests.screenshots import office

PDF = b"%PDF-1.4\n<script>alert(1)</script>\n%%EOF\n"


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


def staff(centre: Centre, unit: str) -> list[str]:
    return [row["person"] for row in centre.rows("assignments") if row["unit"] == unit]


def send(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    return client.post(path, data={"csrf_token": csrf(client), **fields})


def letter(among: list[str], **changes: Any) -> dict[str, Any]:
    told = {"people": among, "code": "CT", "since": "2026-01-12", "until": "2026-01-14", "number": "800/1", **changes}
    return {"dated": "2026-01-05", **told}


def filed(centre: Centre) -> list[dict[str, Any]]:
    return centre.rows("leave_requests")


def test_a_letter_goes_from_the_operator_to_the_head_and_counts(client: FlaskClient, centre: Centre) -> None:
    [person, *_] = staff(centre, "DISDIK")
    told = send(client, "/leave/new?unit=DISDIK", **letter([person], code="CS", file=(BytesIO(PDF), "../../a b.exe")))
    assert told.status_code == 303
    [row] = filed(centre)
    page = client.get(f"/leave/{row['id']}").text
    assert "a b.pdf" in page
    paper = client.get(f"/leave/{row['id']}/letter")
    assert paper.data == PDF
    assert paper.headers["Content-Disposition"] == 'attachment; filename="a b.pdf"'
    assert (paper.mimetype, paper.headers["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert "sandbox" in paper.headers["Content-Security-Policy"]
    assert send(client, f"/leave/{row['id']}/decide", decision="approve").status_code == 403  # an operator
    logged_in(client, Role.OPD_HEAD, "DISDIK")
    assert send(client, f"/leave/{row['id']}/decide", decision="refuse").status_code == 303
    assert filed(centre)[0]["state"] == "filed"  # a refusal needs its reason
    send(client, f"/leave/{row['id']}/decide", decision="approve")
    assert filed(centre)[0]["state"] == "approved"
    assert {"leave.file", "leave.letter", "leave.approve"} <= {one["action"] for one in centre.rows("audit_log")}


def test_what_is_out_of_reach_is_as_if_it_were_not_there(client: FlaskClient, centre: Centre) -> None:
    [own, *_], [other, *_] = staff(centre, "DISDIK"), staff(centre, "BKD")
    assert send(client, "/leave/new?unit=DISDIK", **letter([own, other])).status_code == 200
    assert client.get("/leave/new?unit=BKD").status_code == 404
    assert filed(centre) == []
    send(client, "/leave/new?unit=DISDIK", **letter([own]))
    [row] = filed(centre)
    logged_in(client, Role.OPD_HEAD, "BKD")
    for path in (
        f"/leave/{row['id']}",
        f"/leave/{row['id']}/letter",
        f"/leave/person/{own}",
        "/leave/calendar?unit=DISDIK",
    ):
        assert client.get(path).status_code == 404, path
    assert send(client, f"/leave/{row['id']}/decide", decision="approve").status_code == 404
    assert "800/1" not in client.get("/leave/?state=filed").text
    logged_in(client, Role.INSPECTORATE)
    assert client.get(f"/leave/{row['id']}").status_code == 200
    assert send(client, f"/leave/{row['id']}/withdraw", why="x").status_code == 403
    logged_in(client, Role.EMPLOYEE, person=own)
    assert client.get(f"/leave/person/{own}").status_code == 200
    assert client.get(f"/leave/person/{staff(centre, 'DISDIK')[1]}").status_code == 404


def test_warnings_are_read_before_it_is_filed_and_the_letter_is_kept_meanwhile(
    client: FlaskClient, centre: Centre
) -> None:
    [person, *_] = staff(centre, "DISDIK")
    send(client, "/leave/new?unit=DISDIK", **letter([person]))
    trip = letter([person], code="DL", place="Surabaya", number="090/2")
    told = send(client, "/leave/new?unit=DISDIK", **trip, file=(BytesIO(PDF), "tugas.pdf"))
    assert told.status_code == 200
    assert "800/1" in told.text
    kept = told.text.partition('name="kept" type="hidden" value="')[2].partition('"')[0]
    assert len(filed(centre)) == 1
    assert send(client, "/leave/new?unit=DISDIK", **trip, kept="0" * 32, despite="y").status_code == 200
    assert send(client, "/leave/new?unit=DISDIK", **trip, kept=kept, despite="y").status_code == 303
    assert [row["letter"] for row in filed(centre)] == [None, kept]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "DL", "file": (BytesIO(PDF), "x.pdf")}, "memerlukan tempat"),
        ({"code": "CS"}, "memerlukan lampiran"),
        ({"code": "CS", "file": (BytesIO(b"MZ"), "x.pdf")}, "harus PDF, JPEG, atau PNG"),
        ({"until": "2026-01-01"}, "Akhir harus setelah awal"),
        ({"starts": "08:00"}, "Isi kedua jam"),
        ({"starts": "08:00", "ends": "09:00"}, "sebagian hari"),
        ({"people": []}, "Pilih sedikitnya satu orang"),
    ],
)
def test_a_field_says_what_is_wrong_with_it(
    client: FlaskClient, centre: Centre, changes: dict[str, Any], words: str
) -> None:
    [person, *_] = staff(centre, "DISDIK")
    told = send(client, "/leave/new?unit=DISDIK", **letter([person], **changes))
    assert (told.status_code, words in told.text) == (200, True)
    assert filed(centre) == []


def test_a_body_beyond_the_largest_letter_is_not_read(client: FlaskClient) -> None:
    body = b"x" * (6 * 2**20)
    told = client.post("/leave/new?unit=DISDIK", data=body, content_type="multipart/form-data; boundary=x")
    assert told.status_code == 413


def test_the_calendar_and_the_account_show_what_was_filed(client: FlaskClient, centre: Centre) -> None:
    [person, *_] = staff(centre, "DISDIK")
    send(client, "/leave/new?unit=DISDIK", **letter([person]))
    page = client.get("/leave/calendar?unit=DISDIK&half=2026-1").text
    assert 'class="asked" x="11" y="1" width="3"' in page
    assert 'class="asked" x="' not in client.get("/leave/calendar?unit=DISDIK&half=2026-2").text
    logged_in(client, Role.BKD_OFFICER)
    assert "12" in client.get(f"/leave/person/{person}").text
    told = send(client, f"/leave/person/{person}", year="2025", taken="4", added="0", letter="rekap 2025")
    assert told.status_code == 303
    assert [(row["year"], row["taken"]) for row in centre.rows("leave_openings")] == [(2025, 4)]

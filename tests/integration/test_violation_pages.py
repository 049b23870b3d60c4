"""The pages of violations over a real database: counts, the way down to the record, and hostile names."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from collector.accounts.roles import Role
from collector.settings import CollectorSettings
from collector.store.engine import open_reader
from collector.violating.detection import Detection
from collector.web import create_app
from tests.centre import Centre, opened
from tests.fixtures.accounts import csrf, logged_in
from tests.integration.test_violations_stored import EXPECTED, HOSTILE, MORNING, messages, office

SPAN = "from=2026-01-01&to=2026-01-31"
NOW = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as centre:
        yield centre


@pytest.fixture
def reader(centre: Centre) -> Iterator[sa.Engine]:
    reader = open_reader(centre.url)
    centre.take(*messages(*office(centre)))
    Detection(reader, centre.writer).run()
    yield reader
    reader.dispose()


@pytest.fixture
def client(reader: sa.Engine, centre: Centre) -> FlaskClient:
    client = create_app(reader, centre.writer, CollectorSettings(), lambda: NOW).test_client()
    return logged_in(client, Role.INSPECTORATE)


def links(page: str, start: str) -> list[str]:
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', page) if link.startswith(start)]


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("path", ["/violations/", "/violations/list", "/violations/list.csv"])
def test_every_page_answers_in_both_languages(client: FlaskClient, path: str, language: str) -> None:
    answer = client.get(path, query_string={"unit": "DISDIK", "lang": language})
    assert answer.status_code == 200
    assert ("Pelanggaran" in answer.text) == (language == "id" and "csv" not in path)


def test_the_report_counts_what_was_found(client: FlaskClient) -> None:
    page = client.get(f"/violations/?{SPAN}").text
    assert f"<b>{sum(EXPECTED.values())}</b>" in page
    assert "<rect" in page
    assert "Alasan untuk memeriksa, bukan bukti." in page


def test_one_follows_the_links_from_a_count_to_the_record(client: FlaskClient) -> None:
    page = client.get(f"/violations/?{SPAN}").text
    count = next(link for link in links(page, "/violations/list?") if "kind=two-places" in link and "DINKES" in link)
    key = links(client.get(count).text, "/violations/")
    one = next(link for link in key if re.fullmatch(r"/violations/[0-9a-f]{64}", link))
    told = client.get(one).text
    assert "Dua tempat terlalu cepat" in told
    assert '<a href="/kiosks/here?date=2026-01-05">here</a>' in told
    assert '<a href="/kiosks/far?date=2026-01-05">far</a>' in told


def test_no_name_is_taken_for_markup(client: FlaskClient) -> None:
    for path in (f"/violations/?{SPAN}", f"/violations/list?{SPAN}"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_the_sheet_lists_all_and_runs_nothing(client: FlaskClient, centre: Centre) -> None:
    with centre.writer.transaction() as connection:
        connection.execute(sa.text("UPDATE people SET name = '=1+1'"))
    answer = client.get(f"/violations/list.csv?{SPAN}")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline=""), delimiter=";"))
    assert len(rows) == sum(EXPECTED.values())
    assert {row["nama"] for row in rows if row["terhadap"] == "person"} == {"'=1+1"}
    assert {row["tanggal"] for row in rows} == {"05-01-2026"}


def test_lists_can_be_narrowed(client: FlaskClient) -> None:
    assert "1 pelanggaran" in client.get(f"/violations/list?{SPAN}&kind=series").text
    assert "0 pelanggaran" in client.get(f"/violations/list?{SPAN}&state=confirmed").text
    assert "3 pelanggaran" in client.get(f"/violations/list?{SPAN}&unit=DINKES&own=1").text


@pytest.mark.parametrize(
    "query",
    ["from=2026-02-30", "from=9999-12-31&to=0001-01-01", "from=x&to=%00", "kind=%27--&state=x", "page=-1", "from=&to="],
)
def test_nonsense_in_the_query_is_no_error(client: FlaskClient, query: str) -> None:
    for path in ("/violations/", "/violations/list", "/violations/list.csv"):
        assert client.get(f"{path}?{query}").status_code in {200, 400}


def test_what_is_not_there_is_not_found(client: FlaskClient) -> None:
    assert client.get("/violations/nothing").status_code == 404
    assert client.get("/violations/?unit=nobody").status_code == 404
    assert "Tidak ada pelanggaran" in client.get("/violations/?from=2001-01-01&to=2001-01-02").text


def test_the_number_of_queries_does_not_grow_with_the_violations(
    client: FlaskClient, reader: sa.Engine, centre: Centre
) -> None:
    told: list[str] = []
    sa.event.listen(reader, "before_cursor_execute", lambda *args: told.append(args[2]))
    row = dict(centre.rows("violations")[0])

    def asked(path: str) -> int:
        told.clear()
        assert client.get(path).status_code == 200
        return len([one for one in told if not one.startswith("BEGIN")])

    paths = [f"/violations/?{SPAN}", f"/violations/list?{SPAN}", f"/violations/{row['key']}"]
    before = [asked(path) for path in paths]
    with centre.writer.transaction() as connection:
        table = sa.Table("violations", sa.MetaData(), autoload_with=connection)
        many: list[dict[str, Any]] = [
            {**row, "key": f"{n:064}", "subject": f"p{n}", "at": MORNING} for n in range(2000)
        ]
        connection.execute(sa.insert(table), many)
    assert [asked(path) for path in paths] == before
    assert HOSTILE not in client.get(paths[0]).text


def reviewed(client: FlaskClient, key: str, state: str, why: str = "surat 800/1 dilihat") -> int:
    told = {"state": state, "why": why, "csrf_token": csrf(client)}
    return client.post(f"/violations/{key}/decide", data=told).status_code


def test_the_agency_decides_and_every_step_can_be_read(client: FlaskClient, centre: Centre) -> None:
    client = logged_in(client, Role.BKD_OFFICER)
    key = next(row["key"] for row in centre.rows("violations") if row["kind"] == "two-places")
    page = client.get(f"/violations/{key}").text
    assert "Bandingkan kedua wajah" in page
    assert reviewed(client, key, "confirmed", "  ") == 200
    assert reviewed(client, key, "nonsense") == 200
    assert reviewed(client, key, "confirmed", HOSTILE) == 303
    assert reviewed(client, key, "dismissed") == 200  # it has to be opened again first
    assert reviewed(client, key, "open", "sanggahan lisan") == 303
    assert reviewed(client, key, "dismissed") == 303
    assert [row["to"] for row in centre.rows("violation_history")] == ["confirmed", "open", "dismissed"]
    page = client.get(f"/violations/{key}").text
    assert "<script>alert" not in page
    assert "sanggahan lisan" in page
    actions = [row["action"] for row in centre.rows("audit_log") if row["subject"] == key]
    assert [each for each in actions if each != "violation.read"] == [
        "violation.confirmed",
        "violation.open",
        "violation.dismissed",
    ]


def test_nobody_but_the_agency_decides_and_nobody_about_themselves(client: FlaskClient, centre: Centre) -> None:
    row = next(row for row in centre.rows("violations") if row["against"] == "person")
    for role, more in (
        (Role.OPD_HEAD, {"unit": row["unit"]}),
        (Role.INSPECTORATE, {}),
        (Role.BKD_OFFICER, {"person": row["subject"], "login": "bkd-own"}),
    ):
        who = logged_in(client, role, **more)
        assert "Keputusan Anda" not in who.get(f"/violations/{row['key']}").text
        assert reviewed(who, row["key"], "confirmed") == 403
    assert centre.rows("violation_history") == []

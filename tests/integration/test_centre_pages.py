"""The centre's pages over a real database: right, fast, and closed to everybody else."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, event, update
from sqlalchemy.orm import Session

from collector.accounts.roles import Role
from collector.settings import CollectorSettings
from collector.store import records
from collector.store.engine import open_engine, open_reader
from collector.store.people import Person, Unit
from collector.store.records import Chain, StoredRecord
from collector.store.writer import Writer
from collector.web import create_app
from tests.fixtures.accounts import logged_in
from tests.screenshots import office
from tests.stores import lay_tables

PATHS = ["/", "/?unit=DISDIK", "/?show=waiting&q=a", "/kiosks/", f"/kiosks/{office.BEHIND}", "/people/p0004"]
SHEETS = ["/board.csv", f"/kiosks/{office.BEHIND}/records.csv", "/people/p0004.csv"]
HOSTILE = '=HYPERLINK("http://evil")<script>alert(1)</script>'


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_engine(store_url)
    office.fill(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def client(engine: Engine, store_url: str) -> Iterator[FlaskClient]:
    reader = open_reader(store_url)
    with Writer(engine) as writer:
        yield client_of(reader, writer)
    reader.dispose()


def client_of(reader: Engine, writer: Writer) -> FlaskClient:
    """A browser of the inspectorate, which sees every page here."""
    client = create_app(reader, writer, CollectorSettings(), lambda: office.NOW).test_client()
    return logged_in(client, Role.INSPECTORATE)


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline=""), delimiter=";"))


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("path", PATHS)
def test_every_page_answers_in_both_languages(client: FlaskClient, path: str, language: str) -> None:
    answer = client.get(path, query_string=None if "?" in path else {"lang": language})
    assert answer.status_code == 200
    assert "Hanya di komputer ini" in answer.text or language == "en"


def test_the_language_stays_chosen(client: FlaskClient) -> None:
    assert "Kehadiran" in client.get("/").text
    assert "Not yet recorded" in client.get("/?lang=en").text
    assert "Not yet recorded" in client.get("/").text
    assert "Not yet recorded" in client.get("/?lang=xx").text


def test_the_board_counts_what_the_sheet_lists(client: FlaskClient) -> None:
    table = rows(client.get("/board.csv"))
    present = [row for row in table if row["jumlah"] != "0"]
    assert len(table) == 148
    assert f"<b>{len(present)}</b> dari 148" in client.get("/").text
    assert len(rows(client.get("/board.csv?show=waiting"))) == 148 - len(present)
    below = rows(client.get("/board.csv?unit=DISDIK"))
    assert {row["unit"] for row in below} == {"DISDIK", "SDN1", "SMPN1"}


def test_the_first_and_the_last_look_stand_in_local_time(engine: Engine, client: FlaskClient) -> None:
    with Session(engine) as session:
        session.execute(delete(StoredRecord).where(StoredRecord.person == "p0001"))
        for seq, at in (
            (901, office.local(0)),
            (902, office.local(23, 59, 59)),
            (903, office.local(0) + timedelta(days=1)),
        ):
            session.add(StoredRecord(**office.record("kiosk-bkd", seq, at, person="p0001", method="face", unit="BKD")))
        session.add(StoredRecord(**office.record("kiosk-bkd", 904, office.local(12), person="p0001", kind="event")))
        session.commit()
    found = next(row for row in rows(client.get("/board.csv")) if row["nama"] == office.name_of(1))
    assert (found["pertama"], found["terakhir"], found["jumlah"]) == ("00:00:00", "23:59:59", "2")


def test_an_incomplete_kiosk_is_said_and_nobody_is_called_absent(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "Belum lengkap: catatan dari 1 kiosk" in page
    assert "tidak hadir" not in page.replace("Tidak seorang pun dianggap tidak hadir karenanya", "")
    assert "alpa" not in page.lower()


def test_a_kiosk_shows_what_is_missing(client: FlaskClient) -> None:
    page = client.get(f"/kiosks/{office.BEHIND}").text
    assert "Melayani, data belum lengkap" in page
    assert '<td class="number">5</td><td class="number">5</td><td class="number">1</td>' in page
    assert "Catatan bertentangan" in client.get("/kiosks/").text
    assert "Lama tanpa kabar" in client.get("/kiosks/").text, "disconnected, and missed in working hours"


def test_a_number_that_was_set_aside_is_not_missing(engine: Engine, client: FlaskClient) -> None:
    aside = {
        "topic": "t",
        "reason": "contract",
        "detail": "",
        "raw": b"",
        "first_at": office.NOW,
        "last_at": office.NOW,
    }
    with Session(engine) as session:
        chain = office.chain_of(office.BEHIND)
        session.add(records.SetAside(kiosk=office.BEHIND, chain=chain, seq=5, digest=office.digest("x"), **aside))
        session.commit()
    page = client.get(f"/kiosks/{office.BEHIND}").text
    assert '<td class="number">5</td><td class="number">5</td>' not in page
    assert '<td class="number">10</td><td class="number">10</td>' in page


def test_a_nip_is_masked_on_pages_and_whole_as_text_in_the_sheet(client: FlaskClient) -> None:
    number = rows(client.get("/board.csv"))[0]["nip"]
    assert number.startswith("'19")
    assert len(number) == 19
    for path in PATHS:
        assert number[1:] not in client.get(path).text


def test_hostile_names_are_text_on_every_page_and_in_every_sheet(engine: Engine, client: FlaskClient) -> None:
    with Session(engine) as session:
        session.execute(update(Person).values(name=HOSTILE))
        session.execute(update(Unit).values(name=HOSTILE))
        session.commit()
    for path in PATHS:
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
    for path in SHEETS:
        assert all(not value.startswith("=") for row in rows(client.get(path)) for value in row.values())


def test_odd_questions_get_an_answer_not_an_error(client: FlaskClient) -> None:
    odd = [
        "/?page=-3",
        "/?page=9999999",
        "/?page=x",
        "/?date=9999-12-31",
        "/?date=0001-01-01",
        "/?date=soon",
        "/?q=%25_'\"\\",
    ]
    odd += [
        "/?show=nobody",
        "/people/p0004?month=2026-13",
        "/people/p0004?month=2099-12",
        "/?endpoint=x&_external=1&_scheme=y",
    ]
    for path in odd:
        assert client.get(path).status_code == 200, path
    for path in (
        "/?unit=nowhere",
        "/people/nobody",
        "/people/nobody.csv",
        "/kiosks/none",
        "/kiosks/none/records.csv",
        "/nothing",
    ):
        assert client.get(path).status_code == 404, path
    for path in ("/?q=%00", "/people/%00", "/?unit=%00"):
        assert client.get(path).status_code == 400, path


@pytest.mark.parametrize("path", [*PATHS, *SHEETS, "/healthz", "/static/pages.css"])
def test_only_loopback_is_answered_and_nothing_can_be_sent(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 421
    assert client.post(path).status_code == 405
    with client.get(path) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert " style=" not in answer.text or path.startswith("/static")


def test_a_fresh_page_is_not_built_again(engine: Engine, client: FlaskClient) -> None:
    tag = client.get("/").headers["ETag"]
    assert client.get("/", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/?lang=en", headers={"If-None-Match": tag}).status_code == 200
    with Session(engine) as session:
        session.execute(update(Chain).where(Chain.kiosk == "kiosk-bkd").values(seen=Chain.seen + 1))
        session.commit()
    assert client.get("/?lang=id", headers={"If-None-Match": tag}).status_code == 200


def test_a_circle_of_units_breaks_nothing(engine: Engine, client: FlaskClient) -> None:
    with Session(engine) as session:
        session.execute(update(Unit).where(Unit.code == "DISDIK").values(parent="SDN1"))
        session.commit()
    assert client.get("/?unit=SDN1").status_code == 200
    assert "dari 148" in client.get("/").text


def queries_of(engine: Engine, client: FlaskClient, path: str) -> int:
    count = 0

    def one_more(*_: object) -> None:
        nonlocal count
        count += 1

    event.listen(engine, "before_cursor_execute", one_more)
    assert client.get(path).status_code == 200
    event.remove(engine, "before_cursor_execute", one_more)
    return count


def test_the_number_of_queries_does_not_grow_with_people(tmp_path: Any) -> None:
    counts = []
    for people_count in (10, 1000):
        url = f"sqlite:///{tmp_path / f'{people_count}.db'}"
        engine, reader = open_engine(url), open_reader(url)
        office.fill(engine, people=people_count)
        with Writer(engine) as writer:
            client = client_of(reader, writer)
            counts.append({path: queries_of(reader, client, path) for path in [*PATHS, *SHEETS]})
    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= 21


def test_a_database_that_does_not_answer_is_said_and_not_quoted(
    tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'there.db'}")
    office.fill(engine, people=1)
    with Writer(engine) as writer:
        away = open_reader(f"sqlite:///{tmp_path / 'none.db'}")
        answer = client_of(away, writer).get("/?q=Rahmawati")
    assert answer.status_code == 503
    assert "Basis data tidak menjawab" in answer.text
    assert "Rahmawati" not in caplog.text


def test_health_is_one_word(client: FlaskClient) -> None:
    assert client.get("/healthz").text == "ok\n"


def test_an_empty_centre_says_what_to_do(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    engine = open_engine(url)
    lay_tables(engine)
    with Writer(engine) as writer:
        client = client_of(open_reader(url), writer)
        assert "siperlu people import" in client.get("/").text
        assert "Belum ada kiosk" in client.get("/kiosks/").text

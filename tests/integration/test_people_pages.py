"""The pages of people, units and imports: right, within reach, in a number of queries that does not grow."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, insert, select
from sqlalchemy.orm import Session

from collector.accounts.roles import Role
from collector.people.register import read_people
from collector.settings import CollectorSettings
from collector.store.audit import AuditEntry
from collector.store.engine import open_engine, open_reader
from collector.store.people import Assignment, PeopleImport, Person, Unit
from collector.store.results import Touched
from collector.store.writer import Writer
from collector.web import create_app
from tests.fixtures.accounts import csrf, logged_in
from tests.screenshots import office

NIP = "198503122010012003"
NIK = "3508015203850001"
PEOPLE = f"id;nama;nip;status;unit;tanggal_lahir\nK1;Siti Baru;{NIP};PNS;SDN1;13-03-1985\nK2;Budi Salah;1.985E+17;PNS;SDN1;\n"
HOSTILE = '=HYPERLINK("http://evil")<script>alert(1)</script>'


BOTH = pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    """SQLite, and PostgreSQL for the tests that are marked BOTH."""
    return str(request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url"))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    office.fill(engine, people=40)
    yield engine
    engine.dispose()


@pytest.fixture
def client(engine: Engine, url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    settings = CollectorSettings.model_validate({"store": {"url": url, "keys": tmp_path / "keys"}})
    reader = open_reader(url)
    with Writer(engine) as writer:
        yield logged_in(create_app(reader, writer, settings, lambda: office.NOW).test_client())
    reader.dispose()


def post(client: FlaskClient, path: str, **fields: Any) -> Any:
    return client.post(path, data={"csrf_token": csrf(client), **fields}, content_type="multipart/form-data")


def actions(engine: Engine, subject: str) -> list[str]:
    with Session(engine) as session:
        rows = select(AuditEntry.action).where(AuditEntry.subject == subject).order_by(AuditEntry.seq)
        return list(session.scalars(rows))


@BOTH
def test_the_list_is_searched_and_shows_whom_the_asker_reaches(client: FlaskClient) -> None:
    assert "40 pegawai" in client.get("/people/").text or "40 orang" in client.get("/people/").text
    found = client.get("/people/?q=" + office.name_of(5).split()[0]).text
    assert office.name_of(5) in found
    assert office.name_of(4) not in found
    logged_in(client, Role.OPD_OPERATOR, "SDN1")
    page = client.get("/people/").text
    inside, outside = office.name_of(4), office.name_of(2)
    assert inside in page
    assert outside not in page
    assert client.get("/people/?unit=BKD").status_code == 404
    assert client.get("/people/p0004/card").status_code == 200
    assert client.get("/people/p0002/card").status_code == 404
    assert client.get("/enrolment/p0002").status_code == 404


def test_a_number_is_masked_for_whoever_does_not_keep_the_data(client: FlaskClient, engine: Engine) -> None:
    with Session(engine) as session:
        number = session.get_one(Person, "p0004").number or "?"
    assert number in client.get("/people/p0004/card").text
    logged_in(client, Role.INSPECTORATE)
    assert number not in client.get("/people/p0004/card").text
    assert number not in client.get("/people/").text


def test_every_look_at_a_card_and_every_export_is_noted(client: FlaskClient, engine: Engine) -> None:
    client.get("/people/p0004/card")
    client.get("/people/list.csv?unit=SDN1")
    assert actions(engine, "p0004") == ["person.card"]
    assert actions(engine, "SDN1") == ["people.export"]


def test_a_transfer_is_made_on_its_page_and_its_days_are_judged_again(client: FlaskClient, engine: Engine) -> None:
    answer = post(client, "/people/p0004/transfer", unit="BKD", since="2026-02-02", letter="800/1")
    assert answer.status_code == 303
    with Session(engine) as session:
        posts = read_people(session, ["p0004"])["p0004"].posts
        marks = session.execute(select(Touched.subject, Touched.since)).all()
    assert [(one.unit, one.until_day) for one in posts] == [("SDN1", date(2026, 2, 1)), ("BKD", None)]
    assert ("p0004", date(2026, 2, 2)) in [tuple(mark) for mark in marks]
    page = client.get("/people/p0004/card").text
    assert "Mutasi" in page
    assert "Badan Kepegawaian Daerah" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"unit": "SDN1", "since": "2026-02-02"}, "SDN1 sudah menjadi unitnya pada 02-02-2026; pilih yang lain"),
        ({"unit": "SDN9", "since": "2026-02-02"}, "tidak dikenal; pilih dari daftar"),
        ({"unit": "BKD", "since": "2020-02-02"}, "ada penempatan yang mulai 01-01-2024"),
        ({"unit": "BKD", "since": ""}, "Wajib diisi"),
    ],
)
def test_a_change_that_cannot_be_is_told_at_its_field_in_indonesian(
    client: FlaskClient, engine: Engine, fields: dict[str, str], said: str
) -> None:
    answer = post(client, "/people/p0004/transfer", **fields)
    assert answer.status_code == 200
    assert said in answer.text
    with Session(engine) as session:
        assert len(read_people(session, ["p0004"])["p0004"].posts) == 1


@BOTH
def test_the_end_of_service_is_noted_taken_back_and_a_post_ended(client: FlaskClient, engine: Engine) -> None:
    assert post(client, "/people/p0004/leave", on="2026-01-05", why="died").status_code == 303
    assert "Meninggal dunia" in client.get("/people/p0004/card").text
    assert office.name_of(4) not in client.get("/people/").text
    assert office.name_of(4) in client.get("/people/?show=left").text
    post(client, "/people/p0004/back")
    post(client, "/people/p0004/posts", place="0", last="2026-03-31")
    with Session(engine) as session:
        state = read_people(session, ["p0004"])["p0004"]
    assert (state.left_on, state.posts[0].until_day) == (None, date(2026, 3, 31))
    assert actions(engine, "p0004")[:1] == ["person.left"]


def test_a_nik_is_shown_once_for_a_reason_and_never_by_itself(client: FlaskClient, engine: Engine) -> None:
    assert post(client, "/people/p0004/nik", **{"set-nik": NIK}).status_code == 303
    assert NIK not in client.get("/people/p0004/nik").text
    assert NIK not in client.get("/people/p0004/card").text
    assert NIK not in post(client, "/people/p0004/nik", **{"see-why": "a"}).text
    assert NIK in post(client, "/people/p0004/nik", **{"see-why": "berkas BPJS"}).text
    assert actions(engine, "p0004").count("nik.revealed") == 1


@BOTH
def test_a_file_is_looked_at_refused_row_by_row_imported_and_undone(client: FlaskClient, engine: Engine) -> None:
    sent = post(client, "/imports/", file=(io.BytesIO(PEOPLE.encode()), "daftar.csv"))
    assert sent.status_code == 303
    page = client.get(sent.location).text
    assert "dibulatkan oleh lembar kerja; ubah format kolom menjadi teks lalu isi lagi" in page
    assert "lahir 13-03-1985 menurut berkas, 12-03-1985 menurut NIP" in page
    assert "dibulatkan" in client.get(f"{sent.location}/refused.csv").text
    with Session(engine) as session:
        assert session.scalar(select(Person.id).where(Person.name == "Siti Baru")) is None
    seen = page.partition('name="seen" value="')[2].partition('"')[0].replace("&#34;", '"')
    assert post(client, f"{sent.location}/apply", seen="{}").status_code == 303
    assert "periksa lagi pratinjaunya" in client.get(sent.location).text
    post(client, f"{sent.location}/apply", seen=seen)
    with Session(engine) as session:
        row = session.get_one(PeopleImport, sent.location.rpartition("/")[2])
        assert (row.state, row.content) == ("applied", None)
        siti = session.scalars(select(Person.id).where(Person.name == "Siti Baru")).one()
    assert "daftar.csv" in client.get(f"/people/{siti}/card").text
    assert "daftar.csv" in client.get("/imports/").text
    post(client, f"{sent.location}/undo", why="berkas salah")
    assert "Dibatalkan" in client.get(sent.location).text
    with Session(engine) as session:
        assert session.get(Person, siti) is None


def test_what_stands_on_an_import_is_named(client: FlaskClient) -> None:
    sent = post(client, "/imports/", file=(io.BytesIO(b"kode;nama;induk\nSDN2;SDN 2;DISDIK\n"), "unit.csv"))
    seen = client.get(sent.location).text.partition('name="seen" value="')[2].partition('"')[0].replace("&#34;", '"')
    post(client, f"{sent.location}/apply", seen=seen)
    post(client, "/people/p0004/transfer", unit="SDN2", since="2026-02-02")
    assert "baris 2, SDN 2: punya pegawai" in client.get(sent.location).text
    post(client, f"{sent.location}/undo", why="berkas salah")
    assert "SDN 2" in client.get("/units/?unit=SDN2").text


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"PK\x03\x04 no zip", "buku kerja rusak"),
        (b"a;b\n1;2\n", "pegawai perlu nama; status; unit"),
        (b"\xff\xfe\x00\x01", "bukan CSV UTF-8"),
        (b"", "kosong"),
    ],
)
def test_a_file_that_is_no_list_is_told_so_at_its_field(client: FlaskClient, raw: bytes, said: str) -> None:
    answer = post(client, "/imports/", file=(io.BytesIO(raw), "daftar.xlsx"))
    assert answer.status_code == 200
    assert said in answer.text


def test_what_somebody_typed_is_told_back_as_the_text_it_is(client: FlaskClient) -> None:
    hostile = "<img src=x>100%s%(x)s"
    answer = post(client, "/people/p0004/transfer", unit=hostile, since="2026-02-02")
    assert answer.status_code == 200
    assert "&#39;&lt;img src=x&gt;100%s%(x)s&#39; tidak dikenal" in answer.text
    assert "<img" not in answer.text
    answer = post(client, "/imports/", file=(io.BytesIO(b""), f"{hostile}.csv"))
    assert "&lt;img src=x&gt;100%s%(x)s.csv: kosong" in answer.text
    assert "<img" not in answer.text
    header = post(client, "/imports/", file=(io.BytesIO(b"<img src=x>%s;b\n1;2\n"), "f.csv"))
    assert "&lt;img src=x&gt;%s" in header.text
    assert "<img" not in header.text


def test_the_examples_can_be_imported_as_they_are(client: FlaskClient, engine: Engine) -> None:
    for kind in ("units", "people"):
        raw = client.get(f"/imports/example-{kind}.xlsx").data
        assert openpyxl.load_workbook(io.BytesIO(raw)).active["A2"].number_format == "@"
        sent = post(client, "/imports/", file=(io.BytesIO(raw), f"{kind}.xlsx"))
        page = client.get(sent.location).text
        assert "Ditolak: baris" not in page
        seen = page.partition('name="seen" value="')[2].partition('"')[0].replace("&#34;", '"')
        post(client, f"{sent.location}/apply", seen=seen)
    with Session(engine) as session:
        assert session.scalars(select(Person.number).where(Person.name.like("Siti Contoh%"))).one() == NIP


def test_names_that_are_code_are_texts_on_every_page(client: FlaskClient, engine: Engine) -> None:
    with Session(engine) as session:
        session.get_one(Person, "p0004").name = HOSTILE
        session.get_one(Unit, "SDN1").name = HOSTILE
        session.commit()
    for path in ("/people/", "/people/p0004/card", "/people/p0004/edit", "/units/", "/units/?unit=SDN1", "/enrolment/"):
        page = client.get(path).text
        assert "<script>alert" not in page
    assert "'=HYPERLINK" in client.get("/people/list.csv").text


def test_a_unit_is_added_moved_and_cannot_lie_above_itself(client: FlaskClient) -> None:
    new = {
        "code": "SDN2",
        "name": "SD Negeri 2",
        "kind": "school",
        "parent": "DISDIK",
        "latitude": "-8,1",
        "longitude": "113.2",
    }
    assert post(client, "/units/new", **new).status_code == 303
    page = client.get("/units/?unit=SDN2").text
    assert "-8.1000, 113.2000" in page
    assert '<circle cx="300.4" cy="198.7"' in page
    wrong = post(client, "/units/edit/DISDIK", name="D", kind="opd", parent="SDN2", latitude="", longitude="")
    assert "tidak bisa berada di atas dirinya sendiri" in wrong.text
    assert client.get("/units/?unit=NONE").status_code == 404


def test_the_number_of_queries_does_not_grow_with_people(client: FlaskClient, engine: Engine) -> None:
    paths = ("/people/", "/people/?q=a", "/people/p0004/card", "/units/", "/enrolment/", "/imports/")
    before = [_queries(client, path) for path in paths]
    with Session(engine) as session:
        units = [{"code": f"U{n}", "name": f"Unit {n}", "kind": "school", "parent": "DISDIK"} for n in range(50)]
        session.execute(insert(Unit), units)
        people = [{"id": f"n{n}", "name": f"Nama {n}", "status": "PNS"} for n in range(500)]
        session.execute(insert(Person), people)
        posts = [
            {"person": f"n{n}", "unit": f"U{n % 50}", "kind": "main", "from_day": date(2024, 1, 1)} for n in range(500)
        ]
        session.execute(insert(Assignment), posts)
        session.commit()
    assert [_queries(client, path) for path in paths] == before


def _queries(client: FlaskClient, path: str) -> int:
    reader = client.application.extensions["desk"].engine
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(reader, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(reader, "before_cursor_execute", note)
    return len([one for one in seen if one.startswith("SELECT")])

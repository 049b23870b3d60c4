"""The page of USB sticks: what is sent is told file by file, what is hostile is refused whole, and who waits stands first."""

from __future__ import annotations

import errno
import io
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from werkzeug.test import EnvironBuilder, TestResponse

from collector.accounts.roles import Role
from collector.errors import StoreDownError
from collector.settings import CollectorSettings
from collector.sticks import faults, orders
from collector.sticks.job import StickJob
from collector.sticks.sent import Why
from collector.store.engine import open_reader
from collector.store.people import Kiosk
from collector.store.records import KioskStatus
from collector.store.sticks import StickVisit
from collector.web import create_app
from collector.web.stick_words import FAULTS
from tests.centre import AT, Centre, FakeKiosk, opened
from tests.fixtures.accounts import csrf, logged_in
from tests.fixtures.stick_jobs import RECORDS, lines

DAY = timedelta(days=1)
MIB = 1 << 20
Files = list[tuple[str, bytes]]


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as made:
        yield made


@pytest.fixture
def kiosk(centre: Centre) -> FakeKiosk:
    made = FakeKiosk()
    centre.register(made)
    return made


class Office:
    """A browser, and the jobs process beside it."""

    def __init__(self, centre: Centre, folder: Path) -> None:
        self.reader = open_reader(centre.writer.engine.url.render_as_string(hide_password=False))
        (folder / "releases").mkdir()
        (folder / "releases/siperlu-1.2.0.tar").write_bytes(b"a release")
        limits = {"upload_mib": 4, "unpacked_mib": 8, "zip_mib": 1}
        settings = CollectorSettings.model_validate({"sticks": limits, "releases": {"folder": folder / "releases"}})
        self.client: FlaskClient = logged_in(create_app(self.reader, centre.writer, settings, lambda: AT).test_client())
        self.job = StickJob(self.reader, centre.writer, centre.keys, settings, lambda: AT)

    def send(self, files: Files, field: str = "folder") -> TestResponse:
        data = {"csrf_token": csrf(self.client), field: [(io.BytesIO(raw), name) for name, raw in files]}
        return self.post("/sticks/bring", data)

    def post(self, path: str, data: dict[str, Any]) -> TestResponse:
        """Post a form; what the client made of it is closed."""
        with closing(EnvironBuilder(path, method="POST", data=data, content_type="multipart/form-data")) as made:
            environ = made.get_environ()
            with closing(environ["wsgi.input"]):
                return self.client.open(environ)

    def ask(self, **form: Any) -> TestResponse:
        return self.client.post("/sticks/give", data={"csrf_token": csrf(self.client), **form})

    def done(self, told: TestResponse) -> str:
        """Let the jobs work; the page that the answer leads to."""
        assert told.status_code == 303, told.text
        self.work()
        return self.client.get(told.location).text

    def work(self) -> None:
        self.job.begin()
        while self.job.do_next():
            pass


@pytest.fixture
def office(centre: Centre, tmp_path: Path) -> Iterator[Office]:
    made = Office(centre, tmp_path)
    yield made
    made.reader.dispose()


def zipped(*files: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as target:
        for name, raw in files:
            target.writestr(name, raw)
    return made.getvalue()


def actions(centre: Centre) -> list[tuple[str, str]]:
    return [(row["who"], row["action"]) for row in centre.rows("audit_log")]


def test_a_folder_is_taken_in_and_told_file_by_file(centre: Centre, kiosk: FakeKiosk, office: Office) -> None:
    raw = lines(*kiosk.day(6)) + b"cut off"
    page = office.done(office.send([(f"SIPERLU/{RECORDS}", raw), ("SIPERLU/from/kiosk-1/foto.jpg", b"x")]))
    assert "Sudah diterima" in page
    assert '<li class="good"><b>6</b>catatan baru</li>' in page
    assert "Lengkap sampai catatan nomor 6." in page
    assert "1 baris terpotong" in page
    assert "SIPERLU/from/kiosk-1/foto.jpg" in page
    assert "Bukan berkas flashdisk Siperlu" in page
    assert len(centre.rows("records")) == 6
    again = office.done(office.send([(RECORDS, raw)]))
    assert '<li class="good"><b>0</b>catatan baru</li>' in again
    assert "<li><b>6</b>sudah ada</li>" in again
    assert actions(centre) == [("bkd-admin", "stick.bring"), ("bkd-admin", "stick.take")] * 2


def test_an_upload_that_is_refused_as_a_whole_leaves_its_trace(centre: Centre, office: Office) -> None:
    assert office.send([("Budi 198001012005011001.zip", b"no zip")], "zip").status_code == 422
    assert office.send([("a/../../etc/passwd", b"x"), (RECORDS, b"x")]).status_code == 422
    assert office.post("/sticks/bring", {"csrf_token": csrf(office.client)}).status_code == 422, "nothing was chosen"
    found = [(row["who"], row["action"], row["subject"], row["detail"]) for row in centre.rows("audit_log")]
    refused = ("bkd-admin", "stick.refuse", "upload")
    assert found == [(*refused, '{"files":1,"why":"not-zip"}'), (*refused, '{"files":2,"why":"leads-out"}')]


def test_a_zip_of_the_same_is_the_same(centre: Centre, kiosk: FakeKiosk, office: Office) -> None:
    raw = zipped(("SIPERLU-STICK.json", b"{}"), (RECORDS, lines(*kiosk.day(4))), ("to/kiosk-1/rules.txt", b"x\n"))
    page = office.done(office.send([("flashdisk.zip", raw)], "zip"))
    assert "<b>4</b>catatan baru" in page
    assert "1 berkas yang ditaruh pusat sendiri" in page
    assert len(centre.rows("records")) == 4


def test_what_is_foreign_or_forged_is_set_aside_and_said(centre: Centre, kiosk: FakeKiosk, office: Office) -> None:
    stranger, thief = FakeKiosk("kiosk-9"), FakeKiosk("kiosk-1")
    raw = lines(*kiosk.day(2), thief.day(1)[0])
    page = office.done(office.send([(RECORDS, raw), ("from/kiosk-9/records.txt", lines(*stranger.day(3)))]))
    assert "Bukan kiosk pusat ini" in page
    assert '<li class="ask"><b>4</b>disisihkan</li>' in page
    assert len(centre.rows("set_aside")) == 4
    assert [row["kiosk"] for row in centre.rows("stick_visits")] == ["kiosk-1"]
    assert page.count('name="kiosk" value=') == 1, "only a kiosk of ours is answered"


HOSTILE: dict[str, tuple[Files, str, str]] = {
    "nothing": ([], "folder", "Tidak ada tulisan kiosk"),
    "no zip": ([("x.zip", b"PK not a zip")], "zip", "bukan ZIP"),
    "half a zip": ([("x.zip", zipped((RECORDS, b"x" * 99))[:-30])], "zip", "tidak utuh"),
    "another zip": ([("x.zip", zipped(("foto.jpg", b"x")))], "zip", "Tidak ada tulisan kiosk"),
    "leads out": ([("x.zip", zipped((RECORDS, b"x\n"), ("../../etc/passwd", b"x")))], "zip", "mengarah ke luar"),
    "folder leads out": ([(RECORDS, b"x\n"), ("../records.txt", b"x")], "folder", "mengarah ke luar"),
    "bomb": ([("x.zip", zipped((RECORDS, bytes(30 * MIB))))], "zip", "mengembang"),
    "too much": ([("x.zip", zipped(*((f"from/k{n}/records.txt", bytes(MIB)) for n in range(9))))], "zip", "8 MiB"),
    "twice": ([(f"a/{RECORDS}", b"x\n"), (f"b/{RECORDS}", b"x\n")], "folder", "ada dua kali"),
    "many": ([(f"from/k{n}/records.txt", b"x") for n in range(4001)], "folder", "4000"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_hostile_or_broken_is_refused_whole_and_leaves_its_trace(
    centre: Centre, kiosk: FakeKiosk, office: Office, case: str
) -> None:
    files, field, words = HOSTILE[case]
    told = office.send(files, field)
    assert (told.status_code, words in told.text) == (422, True)
    assert (centre.rows("stick_orders"), centre.rows("stick_pieces"), centre.rows("records")) == ([], [], [])
    assert actions(centre) == [("bkd-admin", "stick.refuse")] * bool(files), (
        "who chose nothing is told so, and that is all"
    )


def test_a_name_that_would_be_html_is_text(kiosk: FakeKiosk, office: Office) -> None:
    evil = "<img src=x onerror=alert(1)>.txt"
    assert evil not in office.send([(f"../{evil}", b"x")]).text
    page = office.done(office.send([(RECORDS, lines(*kiosk.day(1))), (evil, b"x")]))
    assert evil not in page
    assert "&lt;img src=x" in page


def test_more_than_the_limit_is_refused_and_other_pages_keep_theirs(office: Office) -> None:
    big = zipped((RECORDS, bytes(5 * MIB)), how=zipfile.ZIP_STORED)
    told = office.send([("x.zip", big)], "zip")
    assert (told.status_code, "folder kiosk satu per satu" in told.text) == (413, True)
    over = {"csrf_token": csrf(office.client), "zip": (io.BytesIO(bytes(17 * MIB)), "x")}
    assert office.post("/reports/recap/check", over).status_code == 413


def test_no_more_than_a_few_wait_at_once(kiosk: FakeKiosk, office: Office) -> None:
    for _ in range(orders.MOST_WAITING):
        assert "/sticks/" in office.send([(RECORDS, b"x\n")]).location
    told = office.send([(RECORDS, b"x\n")])
    assert told.location == "/sticks/"
    assert "4 flashdisk sedang dikerjakan" in office.client.get("/sticks/").text


def test_a_zip_for_a_round_is_ordered_fetched_and_noted(centre: Centre, kiosk: FakeKiosk, office: Office) -> None:
    centre.register(FakeKiosk("kiosk-2"))
    centre.take(*(kiosk.message(one) for one in kiosk.day(5)))
    told = office.ask(kiosk=["kiosk-1"], other="kiosk-2, kiosk-1", version="1.2.0")
    page = office.done(told)
    assert "Lembar keliling" in page
    assert "SIPERLU-STICK.json" in page
    assert centre.rows("stick_visits") == [], "it has not left yet"
    fetched = office.client.get(f"{told.location}.zip")
    assert fetched.headers["Content-Disposition"] == f'attachment; filename="flashdisk-2-kiosk-{AT:%Y-%m-%d}.zip"'
    with zipfile.ZipFile(io.BytesIO(fetched.data)) as made:
        assert {name for name in made.namelist() if name.endswith(".tar")} == {
            "to/kiosk-1/siperlu-1.2.0.tar",
            "to/kiosk-2/siperlu-1.2.0.tar",
        }
        assert made.read("to/kiosk-1/receipts.txt").count(b"\n") == 1
    assert {row["kiosk"]: row["went_at"] for row in centre.rows("stick_visits")} == {"kiosk-1": AT, "kiosk-2": AT}
    assert [action for _, action in actions(centre)] == ["stick.order", "stick.download"]


def test_what_cannot_be_ordered_is_said(kiosk: FakeKiosk, office: Office) -> None:
    for form in (
        {},
        {"other": "kiosk-7"},
        {"other": "../etc"},
        {"kiosk": "kiosk-1\0"},
        {"other": "kiosk-1 " + "k " * 300},
    ):
        assert office.ask(**form).location == "/sticks/"
        said = office.client.get("/sticks/").text
        assert "1 sampai 200" in said or "tidak terdaftar" in said
    many = {"kiosk": [f"k{number}" for number in range(201)]}
    assert office.ask(**many).location == "/sticks/"
    assert "1 sampai 200" in office.client.get("/sticks/").text
    assert office.ask(kiosk="kiosk-1", version="../../x").status_code == 400
    assert office.ask(kiosk="kiosk-1", version="9.9.9").status_code == 400
    told = office.ask(kiosk="kiosk-1")
    assert office.client.get(f"{told.location}.zip").status_code == 404, "not made yet"


def test_the_inspectorate_looks_and_touches_nothing(kiosk: FakeKiosk, office: Office) -> None:
    told = office.ask(kiosk="kiosk-1")
    office.work()
    logged_in(office.client, Role.INSPECTORATE)
    assert "Terima</button>" not in office.client.get("/sticks/").text
    assert "Ambil ZIP<" not in office.client.get(told.location).text
    assert office.client.get(f"{told.location}.zip").status_code == 403


def test_a_version_is_taken_along_by_who_may_order_updates(kiosk: FakeKiosk, office: Office, centre: Centre) -> None:
    """For the order goes with it."""
    assert 'name="version"' in office.client.get("/sticks/").text
    logged_in(office.client, Role.BKD_OFFICER)
    assert 'name="version"' not in office.client.get("/sticks/").text
    assert office.ask(kiosk="kiosk-1", version="1.2.0").status_code == 403
    assert office.ask(kiosk="kiosk-1", version="").status_code == 303
    office.work()
    assert centre.rows("orders") == []


def waiting_kiosks(centre: Centre) -> None:
    """One of each need, and two that need nothing."""
    with centre.writer.session() as session:
        for name in ("answer", "never", "due", "served", "cut-off", "online", "quiet"):
            session.add(Kiosk(id=name, unit="DISDIK", registered_at=AT, by_stick=name in {"never", "due", "served"}))
        session.flush()
        for name, came, went in (("answer", 2, 9), ("due", 40, 39), ("served", 3, 2)):
            session.add(StickVisit(kiosk=name, came_at=AT - came * DAY, went_at=AT - went * DAY))
        for name, online, backlog in (("cut-off", False, 812), ("online", True, 3), ("quiet", False, 0)):
            status = KioskStatus(kiosk=name, at=AT, received_at=AT, online=online, version="1", state="running")
            status.backlog, status.roster_version, status.last_seq = backlog, 0, 1
            session.add(status)


def test_who_waits_stands_first_and_who_needs_none_is_not_there(
    centre: Centre, kiosk: FakeKiosk, office: Office
) -> None:
    waiting_kiosks(centre)
    page = office.client.get("/sticks/").text
    found = [part.partition('"')[0] for part in page.split('<tr id="k-')[1:]]
    assert found == ["answer", "cut-off", "never", "due", "served"]
    assert "812 catatan tertahan" in page
    assert page.count(" checked") == 1


@contextmanager
def queries(engine: Engine) -> Iterator[list[str]]:
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        heard.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    yield heard
    event.remove(engine, "before_cursor_execute", hear)


def test_the_queries_do_not_grow_with_kiosks_and_orders(centre: Centre, kiosk: FakeKiosk, office: Office) -> None:
    office.done(office.ask(kiosk="kiosk-1"))
    with queries(office.reader) as few:
        office.client.get("/sticks/")
    with centre.writer.session() as session:
        for number in range(120):
            session.add(Kiosk(id=f"school-{number}", unit="DISDIK", registered_at=AT, by_stick=True))
    for _ in range(8):
        office.done(office.ask(kiosk="kiosk-1"))
    with queries(office.reader) as many:
        assert "Halaman 1 dari 3" in office.client.get("/sticks/").text
    assert len(many) == len(few) <= 14


def test_a_page_that_is_open_sees_the_work_go_on(kiosk: FakeKiosk, office: Office) -> None:
    told = office.send([(RECORDS, lines(*kiosk.day(2)))])
    first = office.client.get(told.location)
    assert '<meta http-equiv="refresh"' in first.text
    again = {"If-None-Match": first.headers["ETag"]}
    assert office.client.get(told.location, headers=again).status_code == 304
    office.work()
    after = office.client.get(told.location, headers=again)
    assert (after.status_code, "http-equiv" in after.text) == (200, False)


def test_an_upload_that_cannot_be_kept_takes_nobodys_place(
    centre: Centre, kiosk: FakeKiosk, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_told: object) -> None:
        raise StoreDownError("database: gone")

    monkeypatch.setattr(orders, "arrived", down)
    assert office.send([(RECORDS, lines(*kiosk.day(2)))]).status_code == 503
    assert (centre.rows("stick_orders"), centre.rows("stick_pieces")) == ([], [])


def test_a_kiosks_page_says_when_its_stick_came_and_went(centre: Centre, kiosk: FakeKiosk, office: Office) -> None:
    assert "Flashdisk datang, pergi" not in office.client.get("/kiosks/kiosk-1").text
    office.done(office.send([(RECORDS, lines(*kiosk.day(2)))]))
    assert "<dt>Flashdisk datang, pergi</dt><dd>5 Jan 07:30, —</dd>" in office.client.get("/kiosks/kiosk-1").text


def test_every_fault_has_words_and_one_that_is_kept_is_told(
    centre: Centre, kiosk: FakeKiosk, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(FAULTS) == set(faults.CODES) - {Why.OFF_LIST, Why.TOO_LARGE, Why.BROKEN}, "those three are of one file"
    (tmp_path / "releases/siperlu-1.2.0.tar").write_bytes(bytes(2 * MIB))
    page = office.done(office.ask(kiosk="kiosk-1", version="1.2.0"))
    assert "Akan lebih dari 1 MiB." in page
    assert "Siapkan lagi." in page

    def full(*_told: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("collector.sticks.archive.unpack", full)
    page = office.done(office.send([(RECORDS, lines(*kiosk.day(2)))]))
    assert "Disk pusat penuh." in page
    assert "Kirim lagi." in page
    assert centre.rows("stick_pieces") == []

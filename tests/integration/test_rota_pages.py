"""The pages of people's hours by role and reach: the grid, its import, a person's pattern and weeks."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, update

from collector.accounts.roles import Role
from collector.schedules import patterns
from collector.schedules.standing import Hand
from collector.settings import CollectorSettings
from collector.store.people import Person
from collector.web import create_app
from tests.centre import Centre, opened
from tests.fixtures.accounts import csrf, logged_in
from tests.screenshots import office

FEBRUARY = "month=2026-02"
PLACES = [code for code, _, _ in office.UNITS if code != "SETDA"]


def at(unit: str, number: int = 0) -> str:
    """The id of a person of that unit."""
    return f"p{PLACES.index(unit) + number * len(PLACES):04}"


NURSE, TEACHER, STRANGER = at("DISDIK"), at("DISDIK", 1), at("DINKES")


@pytest.fixture
def centre(sqlite_url: str, tmp_path: Path) -> Iterator[Centre]:
    """A nurse on shifts and an honorary teacher at DISDIK, a stranger on shifts at DINKES."""
    office.fill_at(sqlite_url, people=20)
    with opened(sqlite_url, tmp_path) as centre:
        hand = Hand(by="bkd", at=office.NOW, bkd=True, why="SPT")
        with centre.writer.session() as session:
            patterns.assign(session, [NURSE, STRANGER], "shift", date(2026, 1, 1), hand)
            session.execute(update(Person).where(Person.id == TEACHER).values(status="honorer guru"))
        yield centre


@pytest.fixture
def client(centre: Centre) -> FlaskClient:
    app = create_app(centre.writer.engine, centre.writer, CollectorSettings(), lambda: office.NOW)
    return logged_in(app.test_client(), Role.OPD_OPERATOR, "DISDIK")


def send(client: FlaskClient, path: str, **form: str) -> str:
    told = client.post(path, data={"csrf_token": csrf(client), **form}, follow_redirects=True)
    assert told.status_code == 200, told.text
    return told.text


def keep(client: FlaskClient, person: str, was: str = "", month: str = FEBRUARY, **cells: str) -> str:
    """Send the grid; `cells`: d1=… for the first of the month."""
    signs = {f"c.{name.removeprefix('d')}.{person}": text for name, text in cells.items() if name != "why"}
    told = {f"was.{person}": was or ";" * 30, **signs, "why": cells.get("why", "")}
    return send(client, f"/rota/?unit=DISDIK&{month}", **told)


def turns(centre: Centre) -> dict[tuple[str, str], str]:
    return {(row["person"], str(row["day"])): row["shift"] or row["off"] for row in centre.rows("turns")}


def test_the_operator_fills_the_own_unit_and_nobody_elses(client: FlaskClient, centre: Centre) -> None:
    assert "2 tanggal disimpan" in keep(client, NURSE, d1="M", d2="LJ")
    assert turns(centre) == {(NURSE, "2026-02-01"): "malam", (NURSE, "2026-02-02"): "LJ"}
    assert "tidak bertugas di unit Anda" in keep(client, STRANGER, d1="M")
    assert client.get("/rota/?unit=DINKES").status_code == 404
    assert client.get("/rota/grid.xlsx?unit=DINKES").status_code == 404
    logged_in(client, Role.BKD_OFFICER)
    assert client.get("/rota/?unit=NOWHERE").status_code == 404
    assert client.get("/rota/grid.xlsx").status_code == 404
    logged_in(client, Role.INSPECTORATE)
    assert "c.1." not in client.get(f"/rota/?unit=DISDIK&{FEBRUARY}").text
    assert client.post("/rota/?unit=DISDIK", data={"csrf_token": csrf(client)}).status_code == 403
    assert len(turns(centre)) == 2


def test_a_wrong_cell_keeps_what_was_typed_and_writes_nothing(client: FlaskClient, centre: Centre) -> None:
    page = keep(client, NURSE, d1="M", d2="<b>sore")
    assert "1 tanggal tidak dapat disimpan" in page
    assert 'value="&lt;b&gt;sore"' in page
    assert "<b>sore" not in page
    assert turns(centre) == {}
    assert "sementara itu diubah orang lain" in keep(client, NURSE, was="P" + ";" * 30, d1="M")


def test_today_and_the_past_are_bkds_with_a_reason(client: FlaskClient, centre: Centre) -> None:
    january = "month=2026-01"
    assert "hanya BKD" in keep(client, NURSE, month=january, d5="P")
    logged_in(client, Role.BKD_OFFICER)
    assert "beri alasan" in keep(client, NURSE, month=january, d5="P")
    assert "1 tanggal disimpan" in keep(client, NURSE, month=january, d5="P", why="SPT 3")
    [change] = centre.rows("rota_changes")
    assert (change["reason"], change["unit"], change["by"]) == ("SPT 3", "DISDIK", "bkd-officer")
    logged_in(client, Role.OPD_OPERATOR, "DISDIK")
    assert "hanya BKD" in send(client, f"/rota/changes/{change['id']}/undo")
    logged_in(client, Role.OPD_OPERATOR, "DINKES")
    told = client.post(f"/rota/changes/{change['id']}/undo", data={"csrf_token": csrf(client)})
    assert told.status_code == 404


def test_four_weeks_before_are_offered_and_written_only_when_kept(client: FlaskClient, centre: Centre) -> None:
    keep(client, NURSE, d2="M")
    march = client.get("/rota/?unit=DISDIK&month=2026-03&copy=1").text
    cell = re.search(rf'name="c\.2\.{NURSE}" value="(\w*)"', march)
    assert cell is not None
    assert cell[1] == "M"
    assert len(turns(centre)) == 1


def upload(client: FlaskClient, raw: bytes, name: str) -> str:
    form = {"csrf_token": csrf(client), "file": (io.BytesIO(raw), name)}
    told = client.post(f"/rota/import?unit=DISDIK&{FEBRUARY}", data=form, content_type="multipart/form-data")
    assert told.status_code == 200
    return told.text


def hidden(page: str) -> dict[str, str]:
    fields = re.findall(r'<input[^>]*name="(rows|name|clear|why|seen)"[^>]*value="([^"]*)"', page)
    return {name: value.replace("&#34;", '"').replace("&#39;", "'").replace("&amp;", "&") for name, value in fields}


def test_the_workbook_of_the_page_filled_in_is_looked_at_then_written_then_undone(
    client: FlaskClient, centre: Centre
) -> None:
    raw = client.get(f"/rota/grid.xlsx?unit=DISDIK&{FEBRUARY}").data
    book = openpyxl.load_workbook(io.BytesIO(raw))
    page = book["Jadwal"]
    page["E2"], page["F2"], page["G2"] = "malam", "LJ", "sore"
    page.append([STRANGER, "", "", "", "P"])
    target = io.BytesIO()
    book.save(target)
    shown = upload(client, target.getvalue(), "jadwal.xlsx")
    assert "sore bukan sif" in shown
    assert f"{STRANGER} tidak bertugas" in shown
    assert turns(centre) == {}
    assert "2 tanggal disimpan" in send(client, f"/rota/import/apply?unit=DISDIK&{FEBRUARY}", **hidden(shown))
    assert turns(centre) == {(NURSE, "2026-02-01"): "malam", (NURSE, "2026-02-02"): "LJ"}
    again = send(client, f"/rota/import/apply?unit=DISDIK&{FEBRUARY}", **hidden(shown))
    assert "Jadwal berubah sejak Anda melihatnya" in again
    [change] = centre.rows("rota_changes")
    assert "Dicabut" in send(client, f"/rota/changes/{change['id']}/undo")
    assert turns(centre) == {}


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04broken", b"nama;1\nA;P\n", b"id;1;01\np;P;P\n", b"id\n"])
def test_a_file_that_is_no_rota_says_why(client: FlaskClient, raw: bytes) -> None:
    assert 'class="said bad"' in upload(client, raw, "x.csv") or not raw


def test_people_are_given_a_pattern_from_the_grid(client: FlaskClient, centre: Centre) -> None:
    path = f"/rota/pattern?unit=DISDIK&{FEBRUARY}"
    assert "Centang orangnya" in send(client, path, pattern="shift", since="2026-02-01")
    assert "tidak memuat pola seven" in send(client, path, who=TEACHER, pattern="seven", since="2026-02-01")
    assert "1 orang mengikuti" in send(client, path, who=TEACHER, pattern="shift", since="2026-02-01")
    assert "tidak bertugas di unit Anda" in send(client, path, who=STRANGER, pattern="shift", since="2026-02-01")
    given = [row for row in centre.rows("schedules") if row["person"] == TEACHER]
    assert [(str(row["since"]), row["entered_by"]) for row in given] == [("2026-02-01", "opd-operator-disdik")]


WEEK = {"first": "2026-01-12", "why": "SK mengajar 1", "from0": "07:00", "to0": "09:30"}


def test_a_teachers_week_is_entered_followed_and_ended(client: FlaskClient, centre: Centre) -> None:
    path = f"/people/{TEACHER}/hours/week"
    assert "Isi kedua jam" in send(client, path, **WEEK | {"to0": ""})
    assert "jam selesai harus setelah" in send(client, path, **WEEK | {"to0": "06:00"})
    assert "Disimpan" in send(client, path, **WEEK)
    assert "Sudah ada minggu yang berlaku" in send(client, path, **WEEK | {"first": "2026-02-02"})
    page = send(client, path, **WEEK | {"first": "2026-02-02", "succeed": "y"})
    assert "12 Jan 2026 \u2013 1 Feb 2026" in page
    entry = next(row for row in centre.rows("entries") if str(row["since"]) == "2026-02-02")["id"]
    assert "Disimpan" in send(client, f"/people/{TEACHER}/hours/week/end", entry=entry, last="2026-02-01")
    assert "hours.week" in {row["action"] for row in centre.rows("audit_log")}


def test_a_persons_hours_are_seen_by_whom_they_concern(client: FlaskClient, centre: Centre) -> None:
    assert client.get(f"/people/{STRANGER}/hours").status_code == 404
    assert client.get("/people/nobody/hours").status_code == 404
    told = client.post(f"/people/{STRANGER}/hours/pattern", data={"csrf_token": csrf(client), "since": "2026-02-01"})
    assert told.status_code in {303, 404}
    keep(client, NURSE, d3="M")
    logged_in(client, Role.EMPLOYEE, person=NURSE)
    page = client.get(f"/people/{NURSE}/hours?{FEBRUARY}").text
    assert ">M</b>" in page
    assert "<form method" not in page.partition("<main>")[2]
    assert client.get(f"/people/{TEACHER}/hours").status_code == 404
    assert [row["subject"] for row in centre.rows("audit_log") if row["action"] == "hours.read"] == [NURSE]


def test_a_pattern_is_given_and_taken_back_on_the_persons_page(client: FlaskClient, centre: Centre) -> None:
    path = f"/people/{TEACHER}/hours/pattern"
    assert "hanya BKD" in send(client, path, pattern="shift", since=str(office.TODAY))
    assert "mulai 2 Feb 2026" in send(client, path, pattern="shift", since="2026-02-02")
    assert "Tidak diisi khusus" in send(client, f"{path}/back", since="2026-02-02")


def test_the_grid_asks_as_often_for_many_as_for_one(client: FlaskClient, centre: Centre) -> None:
    counts = []
    for unit in ("SDN1", "DISDIK"):
        asked: list[str] = []
        engine = centre.writer.engine
        listener = lambda _c, _cur, statement, *_: asked.append(statement)  # noqa: B023, E731
        event.listen(engine, "before_cursor_execute", listener)
        assert client.get(f"/rota/?unit={unit}&{FEBRUARY}&show=all").status_code == 200
        event.remove(engine, "before_cursor_execute", listener)
        counts.append(len(asked))
    assert counts[0] == counts[1]

"""The pages of manual lists, waiting days, exceptions and months: within one's reach, by who may, noted, confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from collector.accounts.book import Author
from collector.accounts.roles import Role
from collector.judging.run import open_days, run
from collector.leave import pins
from collector.leave.pins import Wanted
from collector.settings import CollectorSettings
from collector.store.people import Unit
from collector.web import create_app
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.accounts import csrf, logged_in
from tests.fixtures.appeal_office import Clock
from tests.fixtures.judged_office import MONDAY, WEEK, Wall, at, hours, settle

PDF = b"%PDF-1.4\n%%EOF\n"
NIGHT, LATER = at(WEEK[1], "06:00"), at(date(2026, 2, 3), "09:00")


@pytest.fixture
def clock() -> Clock:
    return Clock(NIGHT)


@pytest.fixture
def centre(sqlite_url: str, tmp_path: Path) -> Iterator[Centre]:
    """Dinas Pendidikan, whose kiosk fell silent on Monday morning, and BKD beside it."""
    with opened(sqlite_url, tmp_path) as centre:
        wall = Wall(FakeKiosk("kiosk-1"))
        settle(centre, wall.kiosk, people=["p-1", "p-2"])
        with centre.writer.session() as session:
            session.add(Unit(code="BKD", name="BKD"))
        hours(wall, MONDAY, 0, 4)
        centre.take(*wall.messages())
        open_days(centre.writer, [MONDAY], NIGHT)
        run(centre.writer, NIGHT)
        yield centre


@pytest.fixture
def client(centre: Centre, clock: Clock, tmp_path: Path) -> FlaskClient:
    settings = CollectorSettings.model_validate({"store": {"keys": str(tmp_path / "centre-keys")}})
    return create_app(centre.writer.engine, centre.writer, settings, clock).test_client()


def send(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    return client.post(path, data={"csrf_token": csrf(client), **fields})


def done(centre: Centre) -> set[str]:
    return {one["action"] for one in centre.rows("audit_log")}


def a_list(**changes: Any) -> dict[str, Any]:
    told = {"people": ["p-1", "p-2"], "why": "device-broken", "number": "800/7", "comes": "07:20", "goes": "16:30"}
    return {**told, "despite": "y", **changes}


NEW = f"/lists/new?unit=DISDIK&date={MONDAY}"


def test_a_list_goes_from_the_operator_to_the_head_with_its_scan(client: FlaskClient, centre: Centre) -> None:
    logged_in(client, Role.OPD_OPERATOR, "DISDIK")
    own = {"comes-p-2": "08:00", "file": (BytesIO(PDF), "daftar hadir.pdf")}
    assert send(client, NEW, **a_list(**own)).status_code == 303
    [row] = centre.rows("presence_lists")
    assert {(line["person"], str(line["comes"]), str(line["goes"])) for line in centre.rows("presence_lines")} == {
        ("p-1", "07:20:00", "16:30:00"),
        ("p-2", "08:00:00", "None"),
    }
    assert "800/7" in client.get(f"/lists/{row['id']}").text
    assert client.get(f"/lists/{row['id']}/letter").data == PDF
    assert send(client, f"/lists/{row['id']}/decide", decision="confirm").status_code == 403
    logged_in(client, Role.OPD_HEAD, "DISDIK", "p-1")
    send(client, f"/lists/{row['id']}/decide", decision="confirm")
    assert centre.rows("presence_lists")[0]["state"] == "filed"  # a head who stands on it does not confirm it
    logged_in(client, Role.OPD_HEAD, "DISDIK", login="head-2")
    send(client, f"/lists/{row['id']}/decide", decision="confirm")
    assert centre.rows("presence_lists")[0]["state"] == "confirmed"
    assert "800/7" in client.get("/entries/?kind=manual&month=2026-01").text
    assert "800/7" not in client.get("/entries/?kind=manual&month=2026-06").text
    assert "800/7" in client.get("/lists/?state=confirmed").text
    send(client, f"/lists/{row['id']}/withdraw", why="")
    assert centre.rows("presence_lists")[0]["state"] == "confirmed"
    send(client, f"/lists/{row['id']}/withdraw", why="salah tanggal")
    assert centre.rows("presence_lists")[0]["state"] == "withdrawn"
    assert {"list.file", "list.read", "list.letter", "list.confirm", "list.withdraw"} <= done(centre)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"people": []}, "Pilih sedikitnya satu orang"),
        ({"comes": "", "goes": ""}, "memerlukan jam"),
        ({"comes": "17:00"}, "pulang sebelum datang"),
        ({"comes-p-1": "pagi"}, "07:30"),
        ({"number": ""}, "wajib"),
        ({"why": "forgot"}, "pilihan"),
        ({"despite": ""}, "Fakta tidak menunjukkan"),
        ({"file": (BytesIO(b"MZ"), "x.pdf")}, "PDF, JPEG"),
    ],
)
def test_a_list_that_cannot_be_says_so_on_its_page(
    client: FlaskClient, centre: Centre, changes: dict[str, Any], words: str
) -> None:
    logged_in(client, Role.OPD_OPERATOR, "DISDIK")
    told = send(client, NEW, **a_list(why="disaster") | changes)
    assert told.status_code == 200
    assert words.casefold() in told.text.casefold()
    assert centre.rows("presence_lists") == []


def test_what_is_out_of_reach_is_as_if_it_were_not_there(client: FlaskClient, centre: Centre) -> None:
    logged_in(client, Role.OPD_OPERATOR, "DISDIK")
    send(client, NEW, **a_list())
    [row] = centre.rows("presence_lists")
    logged_in(client, Role.OPD_HEAD, "BKD")
    paths = (
        f"/lists/{row['id']}",
        f"/lists/{row['id']}/letter",
        NEW,
        "/waiting/kiosk-1",
        "/months/?unit=DISDIK",
        "/months/corrections.csv?unit=DISDIK",
        "/entries/?unit=DISDIK",
        "/lists/?unit=DISDIK",
    )
    for path in paths:
        assert client.get(path).status_code == 404, path
    for path in (f"/lists/{row['id']}/decide", f"/lists/{row['id']}/withdraw"):
        assert send(client, path, decision="confirm", why="x").status_code == 404, path
    for path in ("/lists/", "/waiting/", "/entries/"):
        page = client.get(path).text
        assert "800/7" not in page
        assert "kiosk-1" not in page
    # Somebody else's people are no part of one's own list.
    assert send(client, f"/lists/new?unit=BKD&date={MONDAY}", **a_list()).status_code == 200
    assert len(centre.rows("presence_lists")) == 1


def test_a_kiosk_is_declared_finished_after_a_look_at_what_its_days_become(client: FlaskClient, centre: Centre) -> None:
    logged_in(client, Role.OPD_HEAD, "DISDIK")
    assert "kiosk-1" in client.get("/waiting/").text
    assert "Akan menjadi apa" not in client.get("/waiting/kiosk-1").text
    logged_in(client, Role.BKD_OFFICER)
    assert "Akan menjadi apa" in client.get("/waiting/kiosk-1").text
    assert send(client, "/waiting/kiosk-1/finish", why="terbakar").status_code == 200  # not confirmed
    assert centre.rows("entries") == []
    assert send(client, "/waiting/kiosk-1/finish", why="terbakar", sure="y").status_code == 303
    assert send(client, "/waiting/kiosk-1/finish", why="terbakar", sure="y").status_code == 303  # again does nothing
    [entry] = centre.rows("entries")
    run(centre.writer, NIGHT)
    assert "kiosk-1" in client.get("/waiting/").text  # among the finished ones
    assert {row["state"] for row in centre.rows("day_results") if row["day"] == MONDAY} == {"final"}
    assert "terbakar" in client.get("/waiting/kiosk-1").text
    send(client, f"/entries/{entry['id']}/withdraw", why="")
    assert centre.rows("entries")[0]["withdrawn_at"] is None
    send(client, f"/entries/{entry['id']}/withdraw", why="sudah kembali")
    assert "sudah kembali" in client.get("/waiting/kiosk-1").text
    assert {"kiosk.finished", "finished.withdraw"} <= done(centre)


def test_a_disaster_is_declared_and_seen_below_and_taken_back(client: FlaskClient, centre: Centre) -> None:
    with centre.writer.session() as session:
        session.add(Unit(code="SDN1", name="SDN 1", parent="DISDIK"))
    logged_in(client, Role.BKD_OFFICER)
    told = {"name": "Banjir", "decree": "SK 9", "since": str(MONDAY), "until": str(MONDAY), "units": ["DISDIK"]}
    wrong = told | {"until": str(MONDAY - timedelta(days=1))}
    assert send(client, "/entries/disaster", **wrong).status_code == 200
    assert send(client, "/entries/disaster", **told | {"units": ["NOWHERE"]}).status_code == 200
    assert send(client, "/entries/disaster", **told).status_code == 303
    [entry] = centre.rows("entries")
    logged_in(client, Role.OPD_HEAD, "SDN1")
    assert "Banjir" in client.get("/entries/").text
    logged_in(client, Role.OPD_HEAD, "BKD")
    assert "Banjir" not in client.get("/entries/").text
    assert send(client, f"/entries/{entry['id']}/withdraw", why="x").status_code == 403
    logged_in(client, Role.BKD_OFFICER)
    send(client, f"/entries/{entry['id']}/withdraw", why="salah tanggal")
    assert "salah tanggal" in client.get("/entries/").text
    assert {"disaster.declare", "disaster.withdraw"} <= done(centre)


def test_a_line_of_a_list_is_not_taken_back_behind_the_list(client: FlaskClient, centre: Centre) -> None:
    logged_in(client, Role.OPD_OPERATOR, "DISDIK")
    send(client, NEW, **a_list())
    [row] = centre.rows("presence_lists")
    logged_in(client, Role.BKD_OFFICER)
    send(client, f"/lists/{row['id']}/decide", decision="confirm")
    entry = centre.rows("entries")[0]["id"]
    assert send(client, f"/entries/{entry}/withdraw", why="x").status_code == 404
    assert send(client, "/entries/never/withdraw", why="x").status_code == 404


def test_a_month_is_closed_after_two_confirmations_and_a_reason(
    client: FlaskClient, centre: Centre, clock: Clock
) -> None:
    clock.now = LATER
    logged_in(client, Role.BKD_OFFICER)
    path = "/months/close?unit=DISDIK&month=2026-01"
    sure = {"sure": "y", "surer": "y", "why": "kiosk-1 masih ditunggu"}
    assert "recompute" in client.get("/months/?unit=DISDIK&month=2026-01").text
    send(client, path, **sure)
    assert centre.rows("closed_months") == []
    open_days(centre.writer, [date(2026, 1, 1) + timedelta(days=count) for count in range(31)], LATER)
    run(centre.writer, LATER)
    page = client.get("/months/?unit=DISDIK&month=2026-01").text
    assert "Tutup untuk selamanya" in page
    assert "kiosk-1" in page
    for missing in ({"surer": ""}, {"sure": ""}, {"why": ""}):
        send(client, path, **sure | missing)
        assert centre.rows("closed_months") == []
    assert send(client, "/months/close?month=2026-01", **sure).status_code == 404
    assert send(client, path, **sure).status_code == 303
    [closed] = centre.rows("closed_months")
    page = client.get("/months/?unit=DISDIK&month=2026-01").text
    assert closed["digest"] in page
    assert "Tutup untuk selamanya" not in page
    sheet = client.get("/months/corrections.csv?unit=DISDIK&month=2026-01")
    assert sheet.mimetype == "text/csv"
    assert {"month.close", "month.corrections"} <= done(centre)
    logged_in(client, Role.OPD_HEAD, "DISDIK")
    assert closed["digest"] in client.get("/months/?month=2026-01").text
    assert send(client, path, **sure).status_code == 403


def test_a_guarantee_is_taken_back_with_its_pin(client: FlaskClient, centre: Centre) -> None:
    wanted = Wanted(person="p-1", guarantor="Kepala", letter="800/9", reason="perban", until=MONDAY + timedelta(days=9))
    with centre.writer.session() as session:
        pins.give(session, centre.keys.vault, wanted, Author("bkd", NIGHT), MONDAY, 92)
    [entry] = centre.rows("entries")
    logged_in(client, Role.BKD_OFFICER)
    assert f"/entries/{entry['id']}/withdraw" in client.get("/entries/?kind=guarantee").text
    assert send(client, f"/entries/{entry['id']}/withdraw", why="suratnya palsu").status_code == 303
    assert "suratnya palsu" in client.get("/entries/?kind=guarantee").text
    assert centre.rows("pins") == []
    assert {"guarantee.withdraw", "pin.end"} <= done(centre)
    assert send(client, f"/entries/{entry['id']}/withdraw", why="lagi").status_code == 303
    assert send(client, "/pins/p-1/end", why="sembuh").status_code == 303

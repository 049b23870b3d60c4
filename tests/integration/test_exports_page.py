"""The inspectorate takes sealed records away from a page, and checks them without the centre."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from collector.accounts.roles import Role
from collector.errors import ReportError
from collector.recap import asking, links, orders
from collector.recap.faults import Fault, Told
from collector.recap.job import ReportJob
from collector.recap.month import Month
from collector.recap.orders import MOST_WAITING, PIECE, Kind, Order, Placed, State
from collector.settings import CollectorSettings
from collector.store.engine import open_reader
from collector.store.reports import ReportOrder
from collector.web import create_app
from tests.centre import AT, Centre, FakeKiosk, opened
from tests.fixtures.accounts import csrf, logged_in
from tests.fixtures.at_once import at_once
from tests.fixtures.commands import account

DAYS = {"since": f"{AT:%Y-%m-%d}", "until": f"{AT:%Y-%m-%d}"}
SETTINGS = CollectorSettings()


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as running:
        both = FakeKiosk("kiosk-1"), FakeKiosk("kiosk-2")
        running.register(*both)
        for kiosk, count in zip(both, (30, 12), strict=True):
            running.take(*(kiosk.message(sealed) for sealed in kiosk.day(count)))
        yield running


@pytest.fixture
def client(centre: Centre) -> Iterator[FlaskClient]:
    reader = open_reader(centre.writer.engine.url.render_as_string(hide_password=False))
    app = create_app(reader, centre.writer, SETTINGS, lambda: AT)
    yield logged_in(app.test_client(), Role.INSPECTORATE)
    reader.dispose()


def order(client: FlaskClient, centre: Centre, **asked: str) -> Placed:
    """Order by the form, let the jobs work; the new order."""
    before = {one.id for one in found(centre)}
    told = client.post("/reports/exports/", data={"csrf_token": csrf(client), **DAYS, **asked})
    assert told.status_code == 303, told.text
    job = ReportJob(client.application.extensions["desk"].engine, centre.writer, centre.keys, SETTINGS, lambda: AT)
    job.begin()
    while job.make_next():
        pass
    (new,) = [one for one in found(centre) if one.id not in before]
    return new


def found(centre: Centre) -> list[Placed]:
    with centre.writer.session() as session:
        return orders.placed(session, "inspectorate")


def checked(client: FlaskClient, centre: Centre, placed: Placed, folder: Path) -> links.Checked:
    raw = client.get(f"/reports/recap/files/{placed.id}").data
    assert len(raw) == placed.size
    (folder / placed.name).write_bytes(raw)
    return links.check(folder / placed.name, centre.keys.public.keyring())


def test_a_kiosks_records_are_ordered_taken_and_found_whole(
    client: FlaskClient, centre: Centre, tmp_path: Path
) -> None:
    placed = order(client, centre, kiosk="kiosk-2")
    assert (placed.state, placed.name) == (State.READY, f"bukti-kiosk-2-{DAYS['since']}-{DAYS['until']}.zip")
    sound = checked(client, centre, placed, tmp_path)
    assert (sound.broken, sound.records, sound.vouched) == ((), 12, True)
    assert sound.manifest.only == ("kiosk-2",)
    assert "kiosk-2" in client.get("/reports/recap/files").text
    noted = [(row["action"], row["subject"]) for row in centre.rows("audit_log") if row["action"].startswith("rec")]
    assert noted == [("records.order", "kiosk-2"), ("records.download", "kiosk-2")]


def test_without_a_kiosk_it_is_the_units_or_all(client: FlaskClient, centre: Centre, tmp_path: Path) -> None:
    every = checked(client, centre, order(client, centre), tmp_path)
    assert (every.records, every.manifest.only) == (42, None)
    unit = centre.rows("kiosks")[0]["unit"]
    own = checked(client, centre, order(client, centre, unit=unit), tmp_path)
    assert own.records == 42
    assert own.manifest.only == ("kiosk-1", "kiosk-2")


def test_what_cannot_be_given_is_said(client: FlaskClient, centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**asked: str) -> str:
        return client.post("/reports/exports/", data={"csrf_token": csrf(client), **DAYS, **asked}).text

    assert "Tidak ada kiosk dengan nama ini." in refused(kiosk="../etc/passwd")
    assert 'class="error"' in refused(unit="NONE")
    assert "paling lama 400 hari" in refused(until="2020-01-01")
    assert "paling lama 400 hari" in refused(until="2099-01-01")
    empty = order(client, centre, since="2020-01-01", until="2020-01-02")
    assert (empty.state, empty.error) == (State.FAILED, Told(Fault.NO_RECORDS, {}))
    monkeypatch.setattr(asking, "MOST_RECORDS", 20)
    assert order(client, centre).error == Told(Fault.TOO_MANY_RECORDS, {"count": 42, "most": 20})
    files = client.get("/reports/recap/files").text
    assert "pilih tanggal lain" in files
    assert "42 catatan terlalu banyak" in files
    assert "42 records are too many" in client.get("/reports/recap/files?lang=en").text


def test_another_role_cannot_order_and_another_account_cannot_take(client: FlaskClient, centre: Centre) -> None:
    placed = order(client, centre)
    logged_in(client, Role.BKD_ADMIN)
    assert client.get("/reports/exports/").status_code == 200
    assert client.get(f"/reports/recap/files/{placed.id}").status_code == 404
    logged_in(client, Role.BKD_OFFICER)
    assert client.get("/reports/exports/").status_code == 403
    recap = f"/reports/recap/order?kind=records&form=zip&month={DAYS['since'][:7]}"
    assert client.post(recap, data={"csrf_token": csrf(client)}).status_code == 400


def test_a_large_file_is_kept_and_given_a_piece_at_a_time(centre: Centre, tmp_path: Path) -> None:
    size = 24 * PIECE + 5
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    with (tmp_path / "large").open("rb") as file, centre.writer.session() as session:
        session.add(
            ReportOrder(id="o", kind="records", unit="", month=AT.date(), form="zip", asked_by="x", asked_at=AT)
        )
        session.flush()
        tracemalloc.start()
        assert orders.put(session, "o", file) == size
    given = sum(len(piece) for piece in orders.content(centre.writer.engine, "o"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert given == size
    assert peak < 8 * PIECE


def test_of_two_who_order_at_once_the_second_counts_the_first(centre: Centre) -> None:
    account(centre, "bkd-1", Role.BKD_OFFICER)

    def place(session: Session) -> str:
        return orders.place(session, Order(kind=Kind.RECAP, unit="", month=Month(2026, 1), form="pdf", by="bkd-1"), AT)

    with centre.writer.session() as session:
        for _ in range(MOST_WAITING - 1):
            place(session)
    with pytest.raises(ReportError, match="wait already"):
        at_once(centre, place, place).result(0)
    assert len(centre.rows("report_orders")) == MOST_WAITING

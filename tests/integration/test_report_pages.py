"""Pages of reports: right, within reach, noted, and as quick for many as for few."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.bench.centre_pages import counting
from collector.accounts.roles import Role
from collector.errors import StoreDownError
from collector.keys import CentreKeys
from collector.recap import checking, orders
from collector.recap.faults import Fault, Told
from collector.recap.job import ReportJob
from collector.recap.orders import KEPT
from collector.reports.sums import by_unit, by_week
from collector.settings import CollectorSettings
from collector.store.engine import open_engine, open_reader
from collector.store.reports import ReportOrder
from collector.store.results import DayRow
from collector.store.sums import UNIT_DAYS
from collector.store.writer import Writer
from collector.web import create_app
from tests.fixtures import judged_regency as regency
from tests.fixtures.accounts import csrf, logged_in
from tests.stores import lay_tables

PAGES = [
    "/reports/recap/?month=2026-05&unit=SDN1",
    "/reports/recap/?month=2026-05&unit=DISDIK&sheet=1",
    "/reports/recap/?month=2026-05",
    "/reports/discipline/?year=2026",
    "/reports/after-leave/",
    "/reports/year/?year=2026&unit=SDN1",
    "/reports/trends/?from=2026-04-06&to=2026-05-31",
    "/reports/recap/files",
]
CROWDED = [
    *("/?date=2026-05-29", "/", "/reports/discipline/?year=2026", "/reports/after-leave/?day=2026-05-29"),
    *("/reports/trends/?from=2026-04-06&to=2026-05-31", "/reports/recap/?month=2026-05&unit=DISDIK"),
    "/reports/discipline/list.csv?year=2026",
]
"""What more than a thousand people of one unit stand on."""
SETTINGS = CollectorSettings()


class Desk:
    """The pages and the jobs over one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.writer = Writer(open_engine(url))
        lay_tables(self.writer.engine)
        with self.writer.transaction() as connection:
            regency.fill(connection)
        self.reader = open_reader(url)
        self.client = create_app(self.reader, self.writer, SETTINGS, lambda: regency.NOW).test_client()
        self.keys = CentreKeys.open(folder / "keys")
        self.job = ReportJob(self.reader, self.writer, self.keys, SETTINGS, lambda: regency.NOW)
        self.job.begin()

    def order(self, **asked: Any) -> list[orders.Placed]:
        """Press a button, let the job work; what the account has ordered so far."""
        where = "/reports/recap/order?" + "&".join(f"{name}={asked.pop(name)}" for name in ("kind", "form"))
        answer = self.client.post(where, data={"csrf_token": csrf(self.client), "month": "2026-05", **asked})
        assert answer.status_code == 303, answer.text
        while self.job.make_next():
            pass
        with self.writer.session() as session:
            return orders.placed(session, self.who)

    who = "inspectorate"

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def noted(self, action: str) -> list[str]:
        with self.writer.transaction() as connection:
            rows = connection.exec_driver_sql("SELECT subject FROM audit_log WHERE action = '" + action + "'")
            return [row[0] for row in rows]


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(store_url, tmp_path)
    logged_in(desk.client, Role.INSPECTORATE)
    yield desk
    desk.reader.dispose()
    desk.writer.close()


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline=""), delimiter=";"))


def test_every_page_answers_and_asks_as_often_for_many_people_as_for_few(desk: Desk) -> None:
    before = {path: asked(desk, path) for path in PAGES}
    with desk.writer.transaction() as connection:
        for unit, *_ in regency.UNITS:
            regency.add(connection, unit, [f"p-more-{unit.lower()}-{number}" for number in range(12)])
    assert {path: asked(desk, path) for path in PAGES} == before


def test_a_crowd_who_were_absent_for_days_costs_no_query_more(desk: Desk) -> None:
    before = {path: asked(desk, path) for path in CROWDED}
    with desk.writer.transaction() as connection:
        regency.add_absent(connection, "SDN2", [f"p-crowd-{number}" for number in range(1100)])
    assert "1.100" in desk.get("/reports/discipline/?year=2026").text
    assert {path: asked(desk, path) for path in CROWDED} == before


def test_early_warning_just_after_midnight_still_counts_everybody(desk: Desk) -> None:
    """The night shift's new day is judged first, for its own people alone."""
    before = desk.get("/reports/discipline/list.csv?year=2026").text
    assert len(before.splitlines()) > 2
    with desk.writer.transaction() as connection:
        for table in (DayRow.__table__, UNIT_DAYS):
            newest = connection.execute(sa.select(table).order_by(table.c.day.desc()).limit(1)).mappings().one()
            assert newest["day"] < regency.NOW.date()
            connection.execute(sa.insert(table).values({**newest, "day": regency.NOW.date()}))
    assert desk.get("/reports/discipline/list.csv?year=2026").text == before


def test_trends_of_many_weeks_cost_no_query_more_and_each_week_is_its_own_sum(desk: Desk) -> None:
    few, many = ("/reports/trends/?from=2026-05-11&to=2026-05-31", "/reports/trends/?from=2026-03-02&to=2026-05-31")
    assert asked(desk, few) == asked(desk, many)
    first, until = date(2026, 5, 4), date(2026, 5, 20)
    with Session(desk.reader) as session:
        for units in (None, {"SDN1", "BKD"}):
            found = by_week(session, first, until, units)
            stretches = [(4, 10), (11, 17), (18, 20)]
            assert found == [by_unit(session, date(2026, 5, a), date(2026, 5, b), units) for a, b in stretches]
            assert all(week["SDN1"].absent for week in found[:2])


def asked(desk: Desk, path: str) -> int:
    desk.get(path)
    with counting(desk.reader) as statements:
        answer = desk.get(path)
    assert answer.status_code == 200, path
    return len(statements)


def test_the_recap_stands_on_the_screen_with_both_sheets_and_is_noted(desk: Desk) -> None:
    page = desk.get("/reports/recap/?month=2026-05&unit=SDN1").text
    assert "Siti p-absent" in page
    assert "Final, belum ditutup" in page
    assert ">Rekap harian<" in desk.get("/reports/recap/?month=2026-05&unit=SDN1&sheet=1").text
    assert "<script>" not in page
    assert desk.noted("recap.read") == ["SDN1", "SDN1"]
    assert "Belum ada hari di bulan ini" in desk.get("/reports/recap/?month=2026-01&unit=SDN1").text


def test_an_ordered_recap_is_sealed_opened_again_and_found_altered_when_it_is(desk: Desk) -> None:
    found = {one.form: one for form in ("xlsx", "csv") for one in desk.order(kind="recap", form=form, unit="SDN1")}
    raw = desk.get(f"/reports/recap/files/{found['xlsx'].id}").data
    book = openpyxl.load_workbook(io.BytesIO(raw))
    assert book.sheetnames[:2] == ["Rekap", "Harian"]
    numbers = [cell for row in book["Rekap"].iter_rows(min_col=3, max_col=3, values_only=True) for cell in row if cell]
    assert any(isinstance(number, str) and len(number) == 18 for number in numbers)
    assert not checking.check(raw, desk.keys.public.keyring()).fault
    assert "Asli." in check(desk, raw, "rekap.xlsx")
    text = desk.get(f"/reports/recap/files/{found['csv'].id}").data
    assert b"'=HYPERLINK" in text
    assert "Asli." in check(desk, text, "rekap.csv")
    assert "DIUBAH" in check(desk, text.replace(b"Siti", b"Budi"), "rekap.csv")
    assert desk.noted("recap.download") == ["SDN1", "SDN1"]


def check(desk: Desk, raw: bytes, name: str) -> str:
    data = {"csrf_token": csrf(desk.client), "file": (io.BytesIO(raw), name)}
    answer = desk.client.post("/reports/recap/check", data=data)
    assert answer.status_code == 200
    return str(answer.text)


def test_all_recaps_come_as_one_zip_and_a_unit_without_days_is_said(desk: Desk) -> None:
    with desk.writer.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO units (code, name, kind) VALUES ('NEW', 'Unit baru', 'opd')")
    order = desk.order(kind="all", form="xlsx")[0]
    assert (order.state, order.done, order.whole) == (orders.State.READY, 5, 5)
    with zipfile.ZipFile(io.BytesIO(desk.get(f"/reports/recap/files/{order.id}").data)) as archive:
        names = archive.namelist()
        assert min(names) == "TIDAK-ADA.txt"
        assert len(names) == 5
        for name in names[:-1]:
            assert not checking.check(archive.read(name), desk.keys.public.keyring()).fault


def test_the_allowance_list_needs_a_staff_list_and_says_so(desk: Desk) -> None:
    failed = desk.order(kind="tpp", form="csv", unit="SDN1")[0].error
    assert failed == Told(Fault.NO_ALLOWANCE, {"month": "2026-05"})
    assert "memerlukan kolom tpp" in desk.get("/reports/recap/files").text
    first = rows_of_numbers(desk)[0]
    staff = (io.BytesIO(f"nip;tpp\n{first};2500000\n".encode()), "pegawai.csv")
    order = next(one for one in desk.order(kind="tpp", form="csv", unit="SDN1", staff=staff) if not one.error)
    paid = rows(desk.get(f"/reports/recap/files/{order.id}"))
    assert [(row["nip_id"].lstrip("'"), row["tpp"]) for row in paid] == [(first, "2500000")]


def rows_of_numbers(desk: Desk) -> list[str]:
    with desk.writer.transaction() as connection:
        query = "SELECT number FROM people JOIN assignments ON person = people.id WHERE unit = 'SDN1' ORDER BY number"
        return [row[0] for row in connection.exec_driver_sql(query)]


def test_files_are_their_owners_and_go_after_a_week(desk: Desk) -> None:
    order = desk.order(kind="recap", form="csv", unit="SDN1")[0]
    logged_in(desk.client, Role.BKD_ADMIN)
    assert desk.get(f"/reports/recap/files/{order.id}").status_code == 404
    with desk.writer.session() as session:
        assert orders.sweep(session, regency.NOW + KEPT) == 0
        assert orders.sweep(session, regency.NOW + KEPT * 2) == 1
    with desk.writer.transaction() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM report_pieces").scalar() == 0


def test_a_job_that_was_killed_makes_its_order_again(desk: Desk) -> None:
    with desk.writer.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO report_orders (id, kind, unit, month, form, asked_by, asked_at, state, done, whole, name, size, error) "
            "VALUES ('a', 'recap', 'SDN1', '2026-05-01', 'csv', 'inspectorate', '2026-06-02 01:00:00', 'working', 0, 1, '', 0, '')"
        )
    assert not desk.job.make_next()
    job = ReportJob(desk.reader, desk.writer, desk.keys, SETTINGS, lambda: regency.NOW)
    job.begin()
    assert job.make_next()
    with desk.writer.session() as session:
        assert orders.placed(session, "inspectorate")[0].state is orders.State.READY


@pytest.mark.parametrize("role", [Role.OPD_HEAD, Role.OPD_OPERATOR])
def test_a_unit_sees_and_orders_its_own_alone(desk: Desk, role: Role) -> None:
    logged_in(desk.client, role, unit="DISDIK")
    for path in PAGES:
        assert "Badan Kepegawaian" not in desk.get(path).text
    for path in (
        "recap/?month=2026-05&",
        "discipline/?",
        "after-leave/?",
        "year/?",
        "trends/?",
        "discipline/list.csv?",
    ):
        assert desk.get(f"/reports/{path}unit=BKD").status_code == 404
    assert desk.get(f"/reports/year/people/{regency.name_of('BKD', 0)}").status_code == 404
    assert desk.get(f"/reports/year/people/{regency.name_of('SDN1', 0)}?year=2026").status_code == 200
    data = {"csrf_token": csrf(desk.client), "month": "2026-05", "unit": "BKD"}
    assert desk.client.post("/reports/recap/order?kind=recap&form=csv", data=data).status_code == 404
    data["unit"] = ""
    assert desk.client.post("/reports/recap/order?kind=all&form=xlsx", data=data).status_code == 403


def test_an_employee_sees_the_own_year_alone(desk: Desk) -> None:
    mine, other = regency.name_of("SDN1", 0), regency.name_of("SDN1", 2)
    logged_in(desk.client, Role.EMPLOYEE, person=mine)
    assert desk.get(f"/reports/year/people/{mine}?year=2026").status_code == 200
    assert desk.get(f"/reports/year/people/{other}?year=2026").status_code == 404
    table = rows(desk.get(f"/reports/year/people/{mine}.csv?year=2026"))
    assert table[0]["tanggal"] == "02-03-2026"
    assert len(table) == len(regency.DAYS)
    assert desk.noted("person.year") == [mine]


def test_the_early_warning_names_the_paragraph_and_what_is_missing(desk: Desk) -> None:
    page = desk.get("/reports/discipline/?year=2026").text
    assert "Siti p-absent" in page
    assert "PP 94" in page
    assert "2 hari lagi" in page
    table = [row for row in rows(desk.get("/reports/discipline/list.csv?year=2026")) if row["nama"] == "Siti p-absent"]
    assert {(row["tk_hari"], row["hari_berturut"]) for row in table} == {("8", "8")}
    assert {row["kedudukan"] for row in table} == {"tercapai", "2 hari lagi"}
    assert desk.noted("discipline.export") == [""]


def test_the_day_after_joint_leave_is_found_and_counted(desk: Desk) -> None:
    page = desk.get("/reports/after-leave/").text
    assert "Cuti" in page or "Kenaikan" in page or "Waisak" in page
    table = rows(desk.get("/reports/after-leave/list.csv?day=2026-05-04"))
    assert ("Siti p-absent", "tanpa keterangan") in {(row["nama"], row["keadaan"]) for row in table}
    assert {row["opd"] for row in table} <= {"Dinas Pendidikan", "Badan Kepegawaian Daerah"}
    assert all(row["tanggal"] == "04-05-2026" for row in table)


def test_a_client_that_asks_nonsense_gets_a_page(desk: Desk) -> None:
    for path in (
        "recap/?month=2026-13&unit=SDN1",
        "year/?year=99999",
        "trends/?from=x",
        "after-leave/?day=1",
        "recap/?sheet=99&unit=SDN1&month=2026-05",
    ):
        assert desk.get(f"/reports/{path}").status_code == 200


def test_a_trend_needs_two_weeks_with_days(desk: Desk) -> None:
    since, until = regency.DAYS[0], regency.DAYS[-1]
    page = desk.get(f"/reports/trends/?from={since}&to={until}").text
    assert re.search(r'class="change[^"]*">[▲▼=] ', page)
    early = since - timedelta(days=70)
    first = since + timedelta(days=6 - since.weekday())  # the Sunday of the first week
    page = desk.get(f"/reports/trends/?from={early}&to={first}").text
    assert re.search(r'class="change[^"]*">\u2013', page)
    assert not re.search(r'class="change[^"]*">[▲▼=] ', page)
    told = rows(desk.get(f"/reports/trends/table.csv?from={early}&to={first}"))
    assert {
        row["persen_terlambat"]
        for row in told
        if row["minggu_mulai"] == f"{early - timedelta(early.weekday()):%d-%m-%Y}"
    } == {""}
    assert "" not in {
        row["persen_terlambat"] for row in told if row["minggu_mulai"] == f"{first - timedelta(6):%d-%m-%Y}"
    }


def test_a_client_without_a_log_in_sees_nothing(desk: Desk) -> None:
    stranger: FlaskClient = desk.client.application.test_client()
    assert all(stranger.get(path).status_code == 303 for path in PAGES)


def test_a_report_under_which_the_database_went_away_is_made_when_it_is_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged_in(desk.client, Role.BKD_ADMIN)
    answer = desk.client.post(
        "/reports/recap/order?kind=recap&form=csv",
        data={"csrf_token": csrf(desk.client), "month": "2026-05", "unit": "SDN1"},
    )
    assert answer.status_code == 303

    def away(*_: object, **__: object) -> None:
        raise StoreDownError("database: gone")

    with monkeypatch.context() as patch:
        patch.setattr("collector.recap.job.ReportJob._made", away)
        with pytest.raises(StoreDownError):
            desk.job.turn(Event())
    desk.job.turn(Event())
    with desk.writer.session() as session:
        assert set(session.scalars(select(ReportOrder.state))) == {orders.State.READY.value}

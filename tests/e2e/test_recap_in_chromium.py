"""A recap from the button to the file: ordered, made by the job, downloaded, opened, verified, and found altered when it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, expect

from cli.main import main
from collector.accounts.roles import Role
from collector.keys import CentreKeys
from collector.parts import Loop
from collector.recap.job import ReportJob
from collector.settings import CollectorSettings
from collector.store.engine import open_engine, open_reader
from collector.store.writer import Writer
from collector.web import WebServer
from tests.fixtures import judged_regency as regency
from tests.fixtures.accounts import browser_logged_in
from tests.screenshots.chromium import chromium_path, width_needed
from tests.stores import lay_tables
from wire.jwks import KEY_SET

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium"),
]


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[WebServer]:
    """Pages and jobs over one database, as `siperlu collector run` has them."""
    url = f"sqlite:///{tmp_path / 'centre.db'}"
    settings = CollectorSettings.model_validate({"web": {"port": 0}})
    reader, engine = open_reader(url), open_engine(url)
    lay_tables(engine)
    keys = CentreKeys.open(tmp_path / "keys")
    (tmp_path / "public.jwks").write_bytes(KEY_SET.encode(keys.public))
    with Writer(engine) as writer:
        with writer.transaction() as connection:
            regency.fill(connection)
        job = Loop("reports", ReportJob(reader, writer, keys, settings, lambda: regency.NOW).run)
        server = WebServer(reader, writer, settings, now=lambda: regency.NOW)
        for part in (server, job):
            part.start()
        yield server
        job.close()
        server.close()
    reader.dispose()
    assert not [thread for thread in threading.enumerate() if thread.name == "reports"]


@pytest.fixture
def page(browser: Browser, centre: WebServer) -> Page:
    return browser_logged_in(browser.new_page(viewport={"width": 1280, "height": 900}), centre, Role.BKD_OFFICER)


def verified(file: Path, keys: Path) -> int:
    return CliRunner().invoke(main, ["verify", str(file), "--keys", str(keys)]).exit_code


def test_a_recap_is_ordered_downloaded_read_and_verified(centre: WebServer, page: Page, tmp_path: Path) -> None:
    page.goto(f"http://127.0.0.1:{centre.port}/reports/recap/?month=2026-05&unit=SDN1")
    expect(page.get_by_role("rowheader", name="Siti p-absent")).to_be_visible()
    page.get_by_role("button", name="Excel").click()
    link = page.get_by_role("link", name="rekap-SDN1-2026-05.xlsx")
    expect(link).to_be_visible(timeout=20_000)  # the list follows the job by itself
    with page.expect_download() as waiting:
        link.click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    book = openpyxl.load_workbook(file)
    titles = next(row for row in book["Harian"].iter_rows(values_only=True) if row[0] == "No")
    absent = next(row for row in book["Harian"].iter_rows(values_only=True) if row[1] == "Siti p-absent")
    assert dict(zip(titles, absent, strict=False))["4 Sn"] == "TK"
    assert all(cell.data_type != "f" for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)
    assert verified(file, tmp_path / "public.jwks") == 0
    altered = tmp_path / "altered.xlsx"
    book["Rekap"]["B15"] = "Orang lain"
    book.save(altered)
    assert verified(altered, tmp_path / "public.jwks") == 1
    _checked_on_the_page(page, centre, file, altered)


def _checked_on_the_page(page: Page, centre: WebServer, file: Path, altered: Path) -> None:
    for upload, word in ((file, "Asli."), (altered, "DIUBAH")):
        page.goto(f"http://127.0.0.1:{centre.port}/reports/recap/check")
        page.locator("#file").set_input_files(upload)
        page.get_by_role("button", name="Periksa").click()
        expect(page.locator("#verdict")).to_contain_text(word)


@pytest.mark.parametrize("width", [390, 1280])
def test_no_report_page_is_wider_than_its_screen(centre: WebServer, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    day = date(2026, 5, 4)
    for path in (
        "recap/?month=2026-05&unit=DISDIK",
        "discipline/",
        f"after-leave/?day={day}",
        "year/",
        "trends/",
        f"year/people/{regency.ABSENT}",
    ):
        page.goto(f"http://127.0.0.1:{centre.port}/reports/{path}")
        assert width_needed(page) <= width, path
        expect(page.locator("h1")).to_be_visible()

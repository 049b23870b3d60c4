"""People in a real browser: a list is looked at, imported and undone; a transfer on a telephone; pages that fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from collector.accounts.roles import Role
from collector.web import WebServer
from tests.fixtures.accounts import browser_logged_in
from tests.screenshots.centre import centre
from tests.screenshots.chromium import chromium_path, width_needed

DESK, PHONE = 1280, 390
LIST = "id;nama;nip;status;unit\nK1;Siti Baru;198503122010012003;PNS;SDN1\nK2;Budi Salah;1.985E+17;PNS;SDN1\n"

pytestmark = pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    with centre(tmp_path_factory.mktemp("people")) as server:
        yield server


def opened(browser: Browser, server: WebServer, width: int, path: str) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 844}).new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    browser_logged_in(page, server, Role.BKD_OFFICER)
    page.goto(f"http://127.0.0.1:{server.port}{path}")
    return page


def test_a_list_is_looked_at_imported_and_undone(browser: Browser, server: WebServer, tmp_path: Path) -> None:
    file = tmp_path / "daftar.csv"
    file.write_text(LIST, "utf-8")
    page = opened(browser, server, DESK, "/imports/")
    page.get_by_label("Berkas (CSV atau XLSX)").set_input_files(file)
    page.get_by_role("button", name="Lihat dulu").click()
    expect(page.get_by_text("dibulatkan oleh lembar kerja")).to_be_visible()
    page.get_by_role("button", name="Impor 1 baris").click()
    expect(page.get_by_text("Diimpor. Hari-hari yang terkait dinilai ulang")).to_be_visible()
    page.get_by_label("Mengapa dibatalkan?").fill("berkas salah")
    page.get_by_role("button", name="Batalkan impor ini").click()
    expect(page.get_by_text("Dibatalkan: semua kembali seperti semula.")).to_be_visible()


def test_a_transfer_on_a_telephone_is_corrected_at_its_field(browser: Browser, server: WebServer) -> None:
    page = opened(browser, server, PHONE, "/people/p0004/card")
    page.get_by_role("link", name="Mutasi").click()
    page.get_by_label("Unit baru").fill("SDN9")
    page.get_by_label("Hari pertama di sana").fill("2026-02-02")
    page.get_by_role("button", name="Simpan").click()
    expect(page.get_by_text("tidak dikenal; pilih dari daftar")).to_be_visible()
    page.get_by_label("Unit baru").fill("BKD")
    page.get_by_role("button", name="Simpan").click()
    expect(page.get_by_text("Mutasi dicatat.")).to_be_visible()
    expect(page.locator("table")).to_contain_text("Badan Kepegawaian Daerah")


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize(
    "path",
    [
        "/people/",
        "/people/p0004/card",
        "/people/p0004/nik",
        "/people/new",
        "/units/",
        "/units/?unit=DISDIK",
        "/imports/",
        "/enrolment/",
        "/enrolment/p0030",
        "/me/requests",
    ],
)
def test_no_page_is_wider_than_its_window(browser: Browser, server: WebServer, path: str, width: int) -> None:
    page = opened(browser, server, width, path)
    assert width_needed(page) <= width
    page.context.close()


@pytest.mark.parametrize("path", ["/people/p0004/card", "/units/", "/imports/", "/people/?unit=DISDIK"])
def test_a_printed_page_has_nothing_to_press(browser: Browser, server: WebServer, path: str) -> None:
    page = opened(browser, server, DESK, path)
    page.emulate_media(media="print")
    assert page.locator("main .button:visible, main input:visible, main select:visible").count() == 0
    page.context.close()

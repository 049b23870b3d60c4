"""An appeal in a real browser: filed on a telephone, spoken for at a desk, decided, and seen in the day's result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from collector.accounts.roles import Role
from collector.web import WebServer
from tests.centre import Centre
from tests.fixtures.accounts import browser_logged_in
from tests.fixtures.appeal_office import TUESDAY, Clock, served, week
from tests.fixtures.judged_office import judge
from tests.screenshots.chromium import chromium_path, width_needed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium"),
]
PHONE, DESK = 390, 1280
SAID: list[str] = []
"""What pages complained about."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Iterator[tuple[Centre, WebServer]]:
    with served(tmp_path, week(), clock) as office:
        yield office


def opened(browser: Browser, server: WebServer, width: int, role: Role, **whose: str) -> Page:
    """A browser of its own, on the first page of its role."""
    page = browser.new_context(viewport={"width": width, "height": 844}).new_page()
    page.on("pageerror", lambda error: SAID.append(str(error)))
    browser_logged_in(page, server, role, **whose)
    page.goto(f"http://127.0.0.1:{server.port}/enter")
    return page


def fits(page: Page) -> None:
    wide = width_needed(page)
    assert wide <= (page.viewport_size or {})["width"]


def test_from_the_telephone_to_the_changed_day(
    browser: Browser, office: tuple[Centre, WebServer], clock: Clock
) -> None:
    centre, server = office
    own = opened(browser, server, PHONE, Role.EMPLOYEE, person="p-1")
    own.get_by_role("link", name="Hari kerja saya").click()
    tuesday = own.locator("li", has=own.get_by_role("heading", name="Selasa, 6 Jan"))
    expect(tuesday).to_contain_text("TL2")
    fits(own)
    tuesday.get_by_role("link", name="Sanggah").click()
    expect(own.get_by_label("Presensi mana yang bukan Anda?")).to_be_hidden()
    own.get_by_label("Salah orang").check()
    expect(own.get_by_label("Presensi mana yang bukan Anda?")).to_be_visible()
    own.get_by_label("Terlambat").check()
    own.get_by_label("Kira-kira jam berapa").fill("07:25")
    own.get_by_label("Apa yang terjadi?").fill("Tiga kali tidak dikenali.")
    fits(own)
    own.get_by_role("button", name="Ajukan sanggahan").click()
    expect(own.locator(".stage-now")).to_contain_text("Di atasan")
    expect(own.locator(".story")).to_contain_text("wajah tidak dikenali, 3 kali")
    fits(own)

    head = opened(browser, server, DESK, Role.OPD_HEAD, unit="DISDIK")
    head.goto(f"http://127.0.0.1:{server.port}/appeals/")
    head.get_by_role("link", name="Siti Rahmawati").click()
    head.get_by_label("Saya mendukung").check()
    head.get_by_label("Sebab").fill("Saya melihatnya.")
    head.get_by_role("button", name="Kirim").click()
    expect(head.locator(".stage-now")).to_contain_text("Di BKD")

    officer = opened(browser, server, DESK, Role.BKD_OFFICER)
    officer.goto(f"http://127.0.0.1:{server.port}/appeals/")
    officer.get_by_role("link", name="Siti Rahmawati").click()
    fits(officer)
    officer.get_by_role("button", name="Putuskan").click()
    expect(officer.locator(".stage-now")).to_contain_text("Di BKD")  # nothing was chosen
    officer.get_by_label("Terima").check()
    officer.get_by_label("Sebab").fill("Terbukti dari catatan kiosk.")
    officer.get_by_role("button", name="Putuskan").click()
    expect(officer.locator(".stage-now")).to_contain_text("Diterima")

    judge(centre, clock())
    own.get_by_role("link", name="Hari bulan itu").click()
    tuesday = own.locator("li", has=own.get_by_role("heading", name="Selasa, 6 Jan"))
    expect(tuesday).not_to_contain_text("TL2")
    expect(tuesday).to_contain_text("Diputus dengan S-00001: datang dimaafkan.")
    tuesday.get_by_role("link", name="Sanggahan: Terlambat").click()
    outcomes = own.locator(".outcome")
    expect(outcomes.nth(0)).to_contain_text("TL2")
    expect(outcomes.nth(1)).not_to_contain_text("TL2")
    for page in (own, head, officer):
        page.context.close()
    assert SAID == []


def test_one_prints_an_appeal_without_the_tools(browser: Browser, office: tuple[Centre, WebServer]) -> None:
    _, server = office
    page = opened(browser, server, DESK, Role.OPD_OPERATOR, unit="DISDIK")
    page.goto(f"http://127.0.0.1:{server.port}/appeals/new/p-1/{TUESDAY}")
    page.get_by_label("Apa yang terjadi?").fill("Jam kiosk salah.")
    page.get_by_role("button", name="Ajukan sanggahan").click()
    page.emulate_media(media="print")
    for tool in (".bar", ".deciding", ".actions"):
        expect(page.locator(tool).first).to_be_hidden()
    expect(page.locator(".digest")).to_be_visible()
    page.context.close()

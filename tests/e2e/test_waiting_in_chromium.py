"""A dead kiosk in a real browser: a unit waits, BKD looks at what its days become and declares it, and the day is judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from collector.accounts.roles import Role
from collector.judging.run import open_days, run
from collector.settings import CollectorSettings
from collector.web import WebServer
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.accounts import browser_logged_in
from tests.fixtures.judged_office import MONDAY, WEEK, Wall, at, hours, settle
from tests.screenshots.chromium import chromium_path, width_needed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium"),
]
PHONE, DESK = 390, 1280
MORNING = at(WEEK[1], "06:00")


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[Centre, WebServer]]:
    with opened(sqlite_url, tmp_path) as centre:
        wall, dead = Wall(FakeKiosk("kiosk-1")), Wall(FakeKiosk("kiosk-2"))
        settle(centre, wall.kiosk, dead.kiosk, people=["p-1", "p-2"])
        hours(wall, MONDAY, 0, 6)
        wall.look(MONDAY, "07:10", "p-1")
        hours(wall, MONDAY, 7, 15)
        wall.look(MONDAY, "16:40", "p-1")
        hours(wall, MONDAY, 16)
        wall.beat(WEEK[1], "05:00")
        dead.beat(MONDAY, "05:00", "start")
        centre.take(*wall.messages(), *dead.messages())
        open_days(centre.writer, [MONDAY], MORNING)
        run(centre.writer, MORNING)
        settings = CollectorSettings.model_validate({"web": {"port": 0}})
        server = WebServer(centre.writer.engine, centre.writer, settings, now=lambda: MORNING)
        server.start()
        try:
            yield centre, server
        finally:
            server.close()


def page_of(browser: Browser, server: WebServer, width: int, role: Role, path: str, **whose: str) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 844}).new_page()
    browser_logged_in(page, server, role, **whose)
    page.goto(f"http://127.0.0.1:{server.port}{path}")
    return page


def fits(page: Page) -> None:
    assert width_needed(page) <= (page.viewport_size or {})["width"]


def test_a_dead_kiosk_is_declared_and_the_day_that_waited_is_judged(
    browser: Browser, office: tuple[Centre, WebServer]
) -> None:
    centre, server = office
    head = page_of(browser, server, PHONE, Role.OPD_HEAD, "/waiting/", unit="DISDIK")
    expect(head.locator("table")).to_contain_text("kiosk-2")
    fits(head)
    officer = page_of(browser, server, DESK, Role.BKD_OFFICER, "/kiosks/kiosk-2")
    officer.get_by_role("link", name="Hari menunggu").last.click()
    expect(officer.locator(".became")).to_contain_text("1 hari")
    fits(officer)
    officer.get_by_label("Apa yang terjadi dengan kiosk").fill("Terendam banjir, dilihat Pak Budi.")
    officer.get_by_label("Saya sudah membaca akan menjadi apa hari-harinya.").check()
    officer.get_by_role("button", name="Nyatakan tamat").click()
    expect(officer.locator(".warned")).to_contain_text("Terendam banjir, dilihat Pak Budi.")
    run(centre.writer, MORNING)
    head.reload()
    expect(head.get_by_text("Tidak ada hari yang menunggu kiosk.")).to_be_visible()
    head.goto(f"http://127.0.0.1:{server.port}/people/p-1?month=2026-01")
    expect(head.locator("main")).to_contain_text("16:40")
    assert [row["state"] for row in centre.rows("day_results") if row["day"] == MONDAY] == ["final", "final"]
    officer.locator("summary", has_text="Tarik").click()
    officer.get_by_label("Sebab").fill("Sudah kembali.")
    officer.get_by_role("button", name="Tarik").click()
    run(centre.writer, MORNING)
    head.goto(f"http://127.0.0.1:{server.port}/waiting/")
    expect(head.locator("table")).to_contain_text("kiosk-2")
    for page in (head, officer):
        page.context.close()

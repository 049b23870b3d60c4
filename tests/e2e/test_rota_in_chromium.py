"""A night shift is typed into the grid in a real browser, and the person's day is judged by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from collector.accounts.roles import Role
from collector.rules.codes import Code
from collector.settings import CollectorSettings
from collector.web import WebServer
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.accounts import browser_logged_in
from tests.fixtures.judged_office import NOW, WEEK, Wall, at, judge, open_week, results, settle
from tests.screenshots.chromium import chromium_path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium"),
]
MONDAY, TUESDAY, WEDNESDAY = WEEK[:3]
BEFORE = at(date(2026, 1, 4), "20:00")
"""Sunday evening: the week lies ahead when the rota is filled in."""


@pytest.fixture
def centre(sqlite_url: str, tmp_path: Path) -> Iterator[Centre]:
    """p-1 looks at 20:50 on Monday and 07:20 on Tuesday."""
    with opened(sqlite_url, tmp_path) as centre:
        wall = Wall(FakeKiosk("kiosk-1"), booted=at(date(2026, 1, 2), "00:00"))
        settle(centre, wall.kiosk)
        open_week(centre)
        wall.look(date(2026, 1, 2), "07:00", "p-1")
        for day, clock in ((MONDAY, "20:50"), (TUESDAY, "07:20")):
            told = sorted([(clock, True), *((f"{hour:02}:55", False) for hour in range(24))])
            for moment, seen in told:
                wall.look(day, moment, "p-1") if seen else wall.beat(day, moment)
        wall.beat(WEDNESDAY, "08:00")
        centre.take(*wall.messages())
        yield centre


@pytest.fixture
def page(browser: Browser, centre: Centre, tmp_path: Path) -> Iterator[Page]:
    settings = CollectorSettings.model_validate({"web": {"port": 0}, "store": {"keys": str(tmp_path / "centre-keys")}})
    server = WebServer(centre.writer.engine, centre.writer, settings, now=lambda: BEFORE)
    server.start()
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=f"http://127.0.0.1:{server.port}")
    yield browser_logged_in(context.new_page(), server, Role.OPD_OPERATOR, "DISDIK")
    context.close()
    server.close()


def test_a_night_shift_typed_into_the_grid_is_what_the_day_is_judged_by(page: Page, centre: Centre) -> None:
    page.goto("/rota/?month=2026-01&show=all")
    page.get_by_role("checkbox", name="Pegawai p-1").check()
    page.get_by_label("Pola", exact=True).select_option("shift")
    page.get_by_label("Dari", exact=True).fill("2026-01-05")
    page.get_by_role("button", name="Beri pola", exact=True).click()
    expect(page.locator(".said.good")).to_contain_text("1 orang")

    page.wait_for_load_state("load")  # the grid's script
    page.get_by_label("Pegawai p-1, 5", exact=True).focus()
    page.keyboard.type("m")  # whole: the next date follows
    page.keyboard.type("lj")
    expect(page.get_by_label("Pegawai p-1, 7", exact=True)).to_be_focused()
    page.get_by_role("checkbox", name="Pegawai p-1").check()
    page.get_by_label("Urutan tanda").fill("lb")
    page.get_by_label("mulai tanggal").fill("7")
    page.get_by_role("button", name="Isi", exact=True).click()
    expect(page.locator("[data-count]")).to_contain_text("27 tanggal diubah")
    page.get_by_role("button", name="Simpan jadwal").click()
    expect(page.locator(".said.good")).to_contain_text("27 tanggal disimpan")
    expect(page.get_by_label("Pegawai p-1, 5", exact=True)).to_have_value("M")

    judge(centre, NOW)
    found = results(centre)
    assert found["p-1", MONDAY].codes == (Code.H,)
    assert found["p-1", TUESDAY].codes == (Code.LJ,)

    page.get_by_label("Pegawai p-1, 9", exact=True).fill("sore")
    page.get_by_role("button", name="Simpan jadwal").click()
    expect(page.locator(".said.bad")).to_contain_text("1 tanggal tidak dapat disimpan")
    expect(page.get_by_label("Pegawai p-1, 9", exact=True)).to_have_value("sore")

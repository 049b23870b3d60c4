"""A change of hours goes through two people in a real browser; a letter goes from the operator to the judged day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from collector.accounts.roles import Role
from collector.settings import CollectorSettings
from collector.web import WebServer
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.accounts import browser_logged_in
from tests.fixtures.judged_office import NOW, WEEK, Wall, at, hours, judge, open_week, settle
from tests.screenshots.chromium import chromium_path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium"),
]
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF\n"


@pytest.fixture
def centre(sqlite_url: str, tmp_path: Path) -> Iterator[Centre]:
    """p-1 looks at 07:20 on Monday to Thursday; the days are judged."""
    with opened(sqlite_url, tmp_path) as centre:
        wall = Wall(FakeKiosk("kiosk-1"), booted=at(WEEK[0], "00:00"))
        settle(centre, wall.kiosk)
        open_week(centre)
        for on in WEEK[:4]:
            hours(wall, on, 0, 6)
            wall.look(on, "07:20", "p-1")
            hours(wall, on, 7, 15)
            wall.look(on, "16:35", "p-1")
            hours(wall, on, 16)
        wall.beat(WEEK[4], "08:00")
        centre.take(*wall.messages())
        judge(centre)
        yield centre


@pytest.fixture
def server(centre: Centre, tmp_path: Path) -> Iterator[WebServer]:
    settings = CollectorSettings.model_validate({"web": {"port": 0}, "store": {"keys": str(tmp_path / "centre-keys")}})
    server = WebServer(centre.writer.engine, centre.writer, settings, now=lambda: NOW)
    server.start()
    yield server
    server.close()


def enter(browser: Browser, server: WebServer, role: Role, unit: str | None = None) -> Page:
    """A browser of this role's own, at the front page's address."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=f"http://127.0.0.1:{server.port}")
    return browser_logged_in(context.new_page(), server, role, unit)


def test_a_change_is_proposed_seen_and_approved_by_another(browser: Browser, server: WebServer, centre: Centre) -> None:
    first = enter(browser, server, Role.BKD_OFFICER)
    first.goto("/hours/")
    first.get_by_role("link", name="Hari dan jam kerja instansi pemerintah").click()
    first.get_by_role("link", name="Usulkan perubahan").click()
    first.locator("[name=since]").fill("2026-01-12")
    first.locator("[name=decree]").fill("Perbup 1/2026")
    for weekday in range(5):
        first.locator(f"[name='week.five-day.{weekday}.start']").fill("07:00")
    first.get_by_role("button", name="Usulkan dan lihat dampaknya").click()
    expect(first.locator(".verdict")).to_have_text("1 orang akan terlambat yang sekarang tidak.")
    expect(first.get_by_role("button", name="Setujui")).to_have_count(0)  # not by who proposed it
    address = first.url

    second = enter(browser, server, Role.BKD_ADMIN)
    second.goto(address)
    second.locator(".unit-effect summary").click()
    expect(second.locator(".unit-effect tbody tr").first).to_contain_text("TL1")
    second.get_by_role("button", name="Setujui").click()
    expect(second.locator(".lead .chip")).to_have_text("Disetujui")
    rows = {row["version"]: row for row in centre.rows("rule_sets") if row["id"] == "perpres-21-2023"}
    assert (rows[2]["proposed_by"], rows[2]["approved_by"], rows[2]["state"]) == (
        "bkd-officer",
        "bkd-admin",
        "approved",
    )
    for page in (first, second):
        page.context.close()


def test_leave_filed_with_its_letter_and_approved_is_what_the_day_shows(
    browser: Browser, server: WebServer, centre: Centre
) -> None:
    operator = enter(browser, server, Role.OPD_OPERATOR, "DISDIK")
    operator.goto("/leave/new")
    operator.get_by_label("Pegawai p-2").check()
    operator.get_by_label("Jenis").select_option("CS")
    operator.get_by_label("Dari", exact=True).fill("2026-01-06")
    operator.get_by_label("Sampai", exact=True).fill("2026-01-07")
    operator.get_by_label("Nomor surat").fill("440/17/2026")
    operator.get_by_label("Tanggal surat").fill("2026-01-06")
    paper = {"name": "surat dokter.pdf", "mimeType": "application/pdf", "buffer": PDF}
    operator.locator("[name=file]").set_input_files(paper)  # type: ignore[arg-type]  # a dict of these keys is meant
    operator.get_by_role("button", name="Ajukan", exact=True).click()
    expect(operator.locator(".lead .chip")).to_have_text("Menunggu keputusan")
    address = operator.url

    head = enter(browser, server, Role.OPD_HEAD, "DISDIK")
    head.goto(address)
    with head.expect_download() as download:
        head.get_by_role("link", name="surat dokter.pdf").click()
    assert Path(download.value.path()).read_bytes() == PDF
    head.get_by_role("button", name="Setujui").click()
    expect(head.locator(".lead .chip")).to_have_text("Disetujui")
    judge(centre)
    head.reload()
    expect(head.locator(".became .code")).to_have_text(["CS", "CS"])
    for page in (operator, head):
        page.context.close()

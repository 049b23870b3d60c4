"""A spot check on a telephone: every tap is kept while the network is away, and sent once when it is back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from collector.accounts.roles import Role
from collector.rules.spotcheck import Weighting
from collector.spotchecks.book import Order, draw_check
from tests.fixtures.accounts import browser_logged_in
from tests.fixtures.appeal_office import Clock, served, week
from tests.fixtures.judged_office import WEEK, at
from tests.screenshots.chromium import chromium_path, width_needed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium"),
]


def test_no_tap_is_lost_without_a_network(browser: Browser, tmp_path: Path) -> None:
    now = at(WEEK[-1], "12:00")
    noon = now.astimezone().time()
    with served(tmp_path, week(), Clock(now)) as (centre, server):
        with centre.writer.session() as session:
            order = Order(by="x", day=WEEK[-1], first=noon, last=noon, weighting=Weighting.EQUAL)
            spot = draw_check(session, order, now)
        page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
        said: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        browser_logged_in(page, server, Role.INSPECTORATE)
        page.goto(f"http://127.0.0.1:{server.port}/spot-checks/{spot}/note")
        siti, budi = (page.locator("#roll li", has_text=name) for name in ("Siti", "Budi"))
        siti.get_by_role("button", name="Tidak ada").click()
        expect(page.locator("#kept")).to_have_text("semua tersimpan")
        page.context.set_offline(True)
        siti.get_by_role("button", name="Ada", exact=True).click()
        budi.get_by_role("button", name="Tidak ada").click()
        expect(page.locator("#kept")).to_contain_text("menunggu jaringan (2)")
        expect(budi.get_by_role("button", name="Tidak ada")).to_have_attribute("aria-pressed", "true")
        page.get_by_label("Cari nama").fill("dewi")
        expect(siti).to_be_hidden()
        page.get_by_label("Cari nama").fill("")
        assert width_needed(page) <= 390
        assert all(
            box["height"] >= 48
            for box in page.evaluate(
                "[...document.querySelectorAll('.taps button')].map(b => b.getBoundingClientRect().toJSON())"
            )
        )
        page.context.set_offline(False)
        expect(page.locator("#kept")).to_have_text("semua tersimpan", timeout=10_000)
        notes = [(row["person"], row["seen"]) for row in centre.rows("spot_notes")]
        assert notes == [("p-1", "absent"), ("p-1", "present"), ("p-2", "absent")]
        page.get_by_role("link", name="Ke hasil").click()
        expect(page.locator("tr", has_text="Budi")).to_contain_text("pergi")
        page.screenshot(path=tmp_path / "result.png", full_page=True)
        page.context.close()
        assert said == []

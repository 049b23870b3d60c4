"""The centre's board in a real browser: it follows what arrives, and says when it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from collector.settings import CollectorSettings
from collector.store.engine import open_engine
from collector.store.records import Chain, StoredRecord
from collector.store.writer import Writer
from collector.web import WebServer
from tests.fixtures.accounts import browser_logged_in
from tests.screenshots import centre, office
from tests.screenshots.chromium import chromium_path, width_needed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium"),
]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'office.db'}")
    office.fill(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def server(engine: Engine) -> Iterator[WebServer]:
    settings = CollectorSettings.model_validate({"web": {"port": 0}})
    with Writer(engine) as writer:
        server = WebServer(engine, writer, settings, now=lambda: office.NOW)
        server.start()
        yield server
        server.close()


@pytest.fixture
def page(browser: Browser, server: WebServer) -> Iterator[Page]:
    page = browser_logged_in(browser.new_page(viewport={"width": 1280, "height": 800}), server)
    page.goto(f"http://127.0.0.1:{server.port}/?show=waiting")
    yield page
    page.close()


def arrive(engine: Engine, person: str) -> None:
    """A check-in of this person reaches the centre."""
    with Session(engine) as session:
        head = session.get_one(Chain, ("kiosk-bkd", office.chain_of("kiosk-bkd")))
        seen = {"person": person, "method": "face", "score": 0.9, "unit": "BKD"}
        session.add(StoredRecord(**office.record("kiosk-bkd", head.seen + 1, office.NOW, **seen)))
        session.execute(update(Chain).where(Chain.kiosk == "kiosk-bkd").values(seen=head.seen + 1, upto=head.seen + 1))
        session.commit()


def test_a_record_that_arrives_is_on_the_board_without_a_hand(engine: Engine, page: Page) -> None:
    counted = page.locator("#tally .big b")
    before = int(counted.inner_text())
    row = page.locator("#people tbody tr").first
    person = row.get_attribute("id") or ""
    page.evaluate("document.querySelector('.filter').dataset.kept = 'yes'")
    arrive(engine, person.removeprefix("p-"))
    expect(counted).to_have_text(str(before + 1), timeout=10_000)
    expect(page.locator(f"#{person}")).to_have_count(0)
    assert page.locator(".filter").get_attribute("data-kept") == "yes"


def test_a_centre_that_does_not_answer_is_said(server: WebServer, page: Page) -> None:
    expect(page.locator("#broken")).to_be_hidden()
    server.close()
    expect(page.locator("#broken")).to_be_visible(timeout=12_000)
    expect(page.locator("#as-of")).to_have_text("07:41:12")


@pytest.mark.parametrize("path", centre.PAGES.values())
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_its_screen(server: WebServer, browser: Browser, path: str, width: int) -> None:
    page = browser_logged_in(browser.new_page(viewport={"width": width, "height": 800}), server)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"http://127.0.0.1:{server.port}{path}")
    assert width_needed(page) <= width
    page.close()
    assert said == []


def test_print_shows_the_table_and_not_the_tools(page: Page) -> None:
    page.emulate_media(media="print")
    for tool in (".bar", ".filter", ".actions", ".live"):
        expect(page.locator(tool).first).to_be_hidden()
    expect(page.locator("#people table")).to_be_visible()
    expect(page.locator(".printed")).to_be_visible()


def test_every_row_can_be_reached_by_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "brand"
    assert page.locator("#people tbody tr").count() == page.locator("#people tbody tr .who a[href]").count()

"""The wall in a real browser: quick, honest when the kiosk is gone, and nothing to fiddle with."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from firmware.signals import Signal
from kiosk.screen import Card, Picture, ScreenServer, Surroundings
from kiosk.settings import Identity, ScreenSettings
from tests.screenshots import drawn, wall
from tests.screenshots.chromium import chromium_path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium"),
]
AT = datetime(2026, 1, 5, 0, 21, 37, tzinfo=UTC)
GREEN = Card(Signal.RECORDED, name="Siti R.", at=AT, entry="c/7")
HOSTILE = "<img src=x onerror=alert(1)><b>Siti</b>"


@pytest.fixture(scope="module")
def picture(one_chromium: Browser) -> Picture:
    return drawn.picture(one_chromium)


@pytest.fixture
def server(picture: Picture) -> Iterator[ScreenServer]:
    with wall.kiosk(picture) as server:
        server.surroundings(Surroundings(online=True, backlog=0, clock_trusted=True, enrolled=3))
        server.show(Card(Signal.IDLE))
        yield server


@pytest.fixture
def page(browser: Browser, server: ScreenServer) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 800, "height": 480})
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.wait_for_selector('body[data-signal="idle"][data-picture="live"]')
    yield page
    page.close()


def test_a_state_is_on_the_wall_within_half_a_second(server: ScreenServer, page: Page) -> None:
    slowest = 0.0
    for signal in (Signal.SEEN, Signal.RECORDED, Signal.IDLE, Signal.NOT_RECOGNISED, Signal.SEE_OFFICER) * 2:
        began = time.perf_counter()
        server.show(Card(signal))
        page.wait_for_selector(f'body[data-signal="{signal}"]', timeout=3000)
        slowest = max(slowest, time.perf_counter() - began)
    assert slowest < 0.5


def test_stored_here_turns_into_received_centrally(server: ScreenServer, page: Page) -> None:
    server.show(GREEN)
    expect(page.locator("#receipt")).to_have_text("Tersimpan di kiosk")
    expect(page.locator("#name")).to_have_text("Siti R.")
    expect(page.locator("#at")).to_have_text("07:21")
    server.received("c/7")
    expect(page.locator("#receipt")).to_have_text("Diterima pusat")


def test_a_hostile_name_is_text(server: ScreenServer, page: Page) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    server.show(Card(Signal.RECORDED, name=HOSTILE, at=AT, entry="c/8"))
    expect(page.locator("#name")).to_have_text(HOSTILE)
    assert page.locator("#name *").count() == 0
    assert asked == []


def test_a_dead_kiosk_is_said_within_three_seconds_and_no_name_stays(picture: Picture, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 800, "height": 480})
    with wall.kiosk(picture) as server:
        port = server.port
        server.show(GREEN)
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_selector('body[data-signal="recorded"][data-picture="live"]')
    page.wait_for_selector('body[data-signal="lost"][data-picture="none"]', timeout=3000)
    expect(page.locator("#title")).to_have_text("Kiosk tidak terhubung")
    for part in ("#name", "#at", "#receipt"):
        expect(page.locator(part)).to_be_empty()
    back = ScreenServer(ScreenSettings(port=port), wall.IDENTITY, show_s=60)
    back.start()
    back.show(Card(Signal.IDLE))
    page.wait_for_selector('body[data-signal="idle"]', timeout=5000)
    back.close()
    page.close()


def test_another_unit_after_a_restart_is_on_the_wall_without_a_hand(picture: Picture, browser: Browser) -> None:
    page = browser.new_page()
    with wall.kiosk(picture) as server:
        port = server.port
        page.goto(f"http://127.0.0.1:{port}/")
        expect(page.locator("h1")).to_have_text("Badan Kepegawaian Daerah")
    moved = ScreenServer(ScreenSettings(port=port), Identity(unit="X", unit_name="Dinas Kesehatan"))
    moved.start()
    expect(page.locator("h1")).to_have_text("Dinas Kesehatan", timeout=8000)
    moved.close()
    page.close()


def test_a_frozen_camera_leaves_no_old_picture(browser: Browser, picture: Picture) -> None:
    server = ScreenServer(ScreenSettings(port=0), wall.IDENTITY)
    server.start()
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    server.picture(picture)
    page.wait_for_selector('body[data-picture="live"]')
    page.wait_for_selector('body[data-picture="none"]', timeout=4000)
    server.close()
    page.close()


@pytest.mark.parametrize("size", wall.SIZES)
def test_nothing_overflows_at_any_size_in_any_state(server: ScreenServer, page: Page, size: str) -> None:
    page.set_viewport_size(dict(zip(("width", "height"), wall.SIZES[size], strict=True)))
    bad = []
    for name, card in wall.cards().items():
        server.surroundings(wall.CUT_OFF if "offline" in name else wall.CONNECTED)
        server.show(card)
        page.wait_for_selector(f'body[data-signal="{card.signal}"]')
        expect(page.locator("#reason")).to_have_text(wall.reason_shown(card))
        if page.evaluate(OVERFLOWS):
            bad.append(name)
    assert bad == []


OVERFLOWS = """() => {
  const out = [...document.querySelectorAll("header, .panel, footer")].filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1);
  const boxes = [...document.querySelectorAll(".panel > p, .panel > .top")].map(e => e.getBoundingClientRect()).filter(b => b.height);
  const panel = document.querySelector(".panel").getBoundingClientRect();
  const footer = [...document.querySelectorAll("footer p")].map(e => e.getBoundingClientRect());
  return out.length > 0 || boxes.some(b => b.top < panel.top || b.bottom > panel.bottom || b.right > panel.right)
    || footer.some(b => b.right > innerWidth || b.bottom > innerHeight + 1);
}"""


def test_words_can_be_read_from_two_metres(server: ScreenServer, page: Page) -> None:
    """A 7-inch panel of 800 px is 154 mm wide; capitals of 1/300 of the distance, 0.7 of the type size, are legible."""
    server.show(GREEN)
    page.wait_for_selector('body[data-signal="recorded"]')
    for part in ("#title", "#name", "#at"):
        size = float(page.locator(part).evaluate("e => parseFloat(getComputedStyle(e).fontSize)"))
        assert size * 0.7 * 154 / 800 >= 2000 / 300


def test_there_is_no_scrolling_selecting_menu_or_pointer(server: ScreenServer, page: Page) -> None:
    page.keyboard.press("Control+A")
    page.mouse.wheel(0, 400)
    assert page.evaluate("getSelection().toString()") == ""
    assert page.evaluate("scrollY") == 0
    assert page.evaluate("getComputedStyle(document.body).cursor") == "none"
    assert page.evaluate(
        "!document.body.dispatchEvent(new MouseEvent('contextmenu', {cancelable: true, bubbles: true}))"
    )


def test_the_page_asks_nobody_else_and_complains_of_nothing(server: ScreenServer, browser: Browser) -> None:
    page = browser.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.wait_for_selector('body[data-signal="idle"][data-picture="live"]')
    page.close()
    assert [url for url in asked if not re.match(rf"http://127\.0\.0\.1:{server.port}/|data:,", url)] == []
    assert said == []

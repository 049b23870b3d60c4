"""The keypad on the wall in a real browser: by finger and by key, at every size, and never a doubt whether it counted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from firmware.signals import Signal
from kiosk.pin import Answer, Said
from kiosk.screen import Card, Picture, ScreenServer
from tests.e2e.test_wall_in_chromium import OVERFLOWS
from tests.screenshots import drawn, wall
from tests.screenshots.chromium import chromium_path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium"),
]
AT = datetime(2026, 1, 5, 0, 21, 37, tzinfo=UTC)
WITH_PIN = replace(wall.CONNECTED, pins=2)
FINGER_PX = 44
"""WCAG 2.5.5: the least side of what a finger must hit."""


@dataclass
class Desk:
    """Answers as it is told, and remembers what was asked."""

    answer: Answer = field(default_factory=lambda: Answer(Said.WRONG))
    asked: list[tuple[str, str]] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    def __call__(self, number: str, pin: str) -> Answer:
        self.asked.append((number, pin))
        assert self.go_on.wait(5)
        return self.answer


@pytest.fixture(scope="module")
def picture(one_chromium: Browser) -> Picture:
    return drawn.picture(one_chromium)


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.go_on.set()
    return made


@pytest.fixture
def server(picture: Picture, desk: Desk) -> Iterator[ScreenServer]:
    with wall.kiosk(picture, ask=desk) as server:
        server.surroundings(WITH_PIN)
        server.show(Card(Signal.IDLE))
        yield server


@pytest.fixture
def page(browser: Browser, server: ScreenServer) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 800, "height": 480}, has_touch=True)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.wait_for_selector('body[data-signal="idle"][data-pin="true"]')
    yield page
    context.close()


def tap(page: Page, *keys: str) -> None:
    for key in keys:
        page.locator(f'#pad [data-key="{key}"]').tap()


def test_a_number_and_a_pin_by_finger_and_the_panel_says_that_it_counted(
    page: Page, server: ScreenServer, desk: Desk
) -> None:
    desk.answer = Answer(Said.RECORDED)
    page.locator("#pad-open").tap()
    tap(page, *"40718", "Enter", *"482913")
    expect(page.locator("#pad-typed")).to_have_text("••••••")
    assert "482913" not in page.content()
    server.show(Card(Signal.RECORDED, name="Siti R.", at=AT, entry="c/7"))
    tap(page, "Enter")
    expect(page.locator("#pad")).to_be_hidden()
    expect(page.locator("#title")).to_have_text("Tercatat")
    assert desk.asked == [("40718", "482913")]


def test_a_numeric_keyboard_does_without_a_finger(page: Page, desk: Desk) -> None:
    desk.answer = Answer(Said.ALREADY)
    for key in ("Numpad4", "Numpad0", "7", "2", "Backspace", "1", "8", "NumpadEnter", *"482913", "Enter"):
        page.keyboard.press(key)  # NumLock is off
    expect(page.locator("#pad")).to_be_hidden()
    assert desk.asked == [("40718", "482913")]


def test_a_wrong_one_is_said_to_be_not_recorded_and_nothing_typed_stays(page: Page, desk: Desk) -> None:
    page.locator("#pad-open").tap()
    tap(page, *"40718", "Enter", *"000001", "Enter")
    expect(page.locator('#pad [data-part="title"]')).to_have_text("Nomor atau PIN salah")
    expect(page.locator('#pad [data-part="text"]')).to_have_text("Belum tercatat. Coba sekali lagi.")
    expect(page.locator("#pad-typed")).to_be_empty()
    desk.answer = Answer(Said.LOCKED, 119)
    tap(page, *"40718", "Enter", *"000001", "Enter")
    expect(page.locator('#pad [data-part="text"]')).to_have_text("Belum tercatat. Tunggu 2 menit atau temui petugas.")


def test_somebody_elses_face_is_served_and_said_while_a_pin_is_typed(page: Page, server: ScreenServer) -> None:
    page.locator("#pad-open").tap()
    tap(page, *"407")
    server.show(Card(Signal.RECORDED, name="Budi S.", at=AT, entry="c/8"))
    expect(page.locator("#name")).to_have_text("Budi S.")
    expect(page.locator("#name")).to_be_in_viewport()
    expect(page.locator("#pad-typed")).to_have_text("407")


def test_while_it_is_looked_at_nothing_can_be_pressed(page: Page, desk: Desk) -> None:
    desk.go_on.clear()
    page.locator("#pad-open").tap()
    tap(page, *"40718", "Enter", *"000001", "Enter")
    expect(page.locator('#pad [data-part="title"]')).to_have_text("Sebentar")
    expect(page.locator('#pad [data-key="1"]')).to_be_disabled()
    page.keyboard.press("Enter")
    desk.go_on.set()
    expect(page.locator('#pad[data-said="wrong"]')).to_be_visible()
    assert len(desk.asked) == 1


def test_where_nobody_has_a_pin_there_is_no_keypad_and_an_open_one_goes(page: Page, server: ScreenServer) -> None:
    page.locator("#pad-open").tap()
    expect(page.locator("#pad")).to_be_visible()
    server.surroundings(wall.CONNECTED)
    expect(page.locator("#pad")).to_be_hidden()
    expect(page.locator("#pad-open")).to_be_hidden()
    page.keyboard.press("4")
    expect(page.locator("#pad")).to_be_hidden()


def test_who_walks_away_leaves_nothing_typed(page: Page, desk: Desk) -> None:
    page.clock.install()
    page.locator("#pad-open").tap()
    tap(page, *"40718", "Enter", *"4829")
    page.clock.run_for(21_000)
    expect(page.locator("#pad")).to_be_hidden()
    page.clock.resume()
    page.locator("#pad-open").tap()
    expect(page.locator("#pad-typed")).to_be_empty()
    assert desk.asked == []


@pytest.mark.parametrize("size", wall.SIZES)
def test_the_pad_fits_and_every_key_is_as_large_as_a_finger(page: Page, server: ScreenServer, size: str) -> None:
    page.set_viewport_size(dict(zip(("width", "height"), wall.SIZES[size], strict=True)))
    box = page.locator("#pad-open").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= FINGER_PX
    page.locator("#pad-open").tap()
    tap(page, *"40718", "Enter", *"000001", "Enter")
    server.show(Card(Signal.RECORDED_OFFLINE, name="Muhammad Abdurr…", at=AT, entry="c/8"))
    page.wait_for_selector('body[data-signal="recorded-offline"]')
    expect(page.locator('#pad[data-said="wrong"]')).to_be_visible()
    boxes = [key.bounding_box() for key in page.locator("#pad button").all()]
    assert min(min(each["width"], each["height"]) for each in boxes if each) >= FINGER_PX
    assert not page.evaluate(OVERFLOWS)
    assert not page.evaluate(PAD_OVERFLOWS)


PAD_OVERFLOWS = """() => {
  const pad = document.querySelector("#pad"), main = document.querySelector("main").getBoundingClientRect(), own = pad.getBoundingClientRect();
  const panel = document.querySelector(".panel").getBoundingClientRect();
  const parts = [...pad.querySelectorAll("button, p")].map(e => e.getBoundingClientRect());
  const meets = !(own.right <= panel.left || own.bottom <= panel.top);
  return meets || pad.scrollHeight > pad.clientHeight + 1 || own.bottom > main.bottom + 1 || parts.some(b => b.bottom > own.bottom || b.right > own.right);
}"""

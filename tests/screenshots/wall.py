"""Every state of the wall, each at every size."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from firmware.signals import Signal
from kiosk.pin import Answer, Said
from kiosk.screen import Card, Picture, ScreenServer, Surroundings
from kiosk.screen.pad import AskPin
from kiosk.screen.view import BY_PIN, FAULTS
from kiosk.settings import Identity, ScreenSettings
from models.face import Hint
from tests.screenshots import drawn
from wire.messages import DayHours, Rules

SIZES = {"800x480": (800, 480), "1280x800": (1280, 800), "600x1024": (600, 1024)}
MORNING = datetime(2026, 1, 5, 0, 21, 37, tzinfo=UTC)
IDENTITY = Identity(id="kiosk-1", unit="BKD", unit_name="Badan Kepegawaian Daerah")
PIN_SIGNALS = {"pin-wrong": Signal.NOT_RECOGNISED, "pin-locked": Signal.SEE_OFFICER}
RULES = Rules(
    kiosk="kiosk-1",
    at=MORNING,
    version=1,
    hours=tuple(DayHours(weekday=d, start="07:30", end="16:00") for d in range(5)),
)
CONNECTED = Surroundings(online=True, backlog=0, clock_trusted=True, enrolled=148, rules=RULES)
CUT_OFF = Surroundings(online=False, backlog=37, clock_trusted=False, enrolled=148)


def cards() -> dict[str, Card]:
    """Every state that the wall can show, by a name for its file."""
    named = {"name": "Siti R.", "at": MORNING, "entry": "c/7"}
    states = {
        "idle": Card(Signal.IDLE),
        "seen": Card(Signal.SEEN),
        "recorded": Card(Signal.RECORDED, received=True, **named),
        "recorded-stored": Card(Signal.RECORDED, **named),
        "recorded-offline": Card(Signal.RECORDED_OFFLINE, **named),
        "already": Card(Signal.ALREADY, received=True, **named),
        "not-recognised": Card(Signal.NOT_RECOGNISED),
        "see-officer": Card(Signal.SEE_OFFICER),
        "out-of-service": Card(Signal.OUT_OF_SERVICE, reason="weights-missing"),
    }
    states |= {f"adjust-{hint.value}": Card(Signal.ADJUST, hint=hint) for hint in Hint}
    states |= {word: Card(PIN_SIGNALS[word], reason=word) for word in BY_PIN}
    return states | {f"fault-{word}": Card(Signal.OUT_OF_SERVICE, reason=word) for word in FAULTS}


def nobodys(_number: str, _pin: str) -> Answer:
    """A PIN that is wrong, for the first time."""
    return Answer(Said.WRONG)


@contextmanager
def kiosk(picture: Picture, language: str = "id", ask: AskPin = nobodys) -> Iterator[ScreenServer]:
    """A screen whose camera always sees the drawn person, and whose keypad asks `ask`."""
    server = ScreenServer(ScreenSettings(port=0, language=language), IDENTITY, ask, show_s=60, now=lambda: MORNING)
    server.start()
    stop = threading.Event()

    def film() -> None:
        while not stop.wait(0.1):
            server.picture(picture)

    camera = threading.Thread(target=film)
    camera.start()
    try:
        yield server
    finally:
        stop.set()
        camera.join()
        server.close()


def take(browser: Browser, folder: Path, only: str = "") -> None:
    """Pictures of all states whose name holds `only`, at all sizes."""
    with kiosk(drawn.picture(browser)) as server:
        for size, (width, height) in SIZES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(f"http://127.0.0.1:{server.port}/")
            for name, card in cards().items():
                if only in name:
                    shoot(page, server, card, folder / f"wall-{name}-{size}.png")
            page.close()


def reason_shown(card: Card) -> str:
    """The word of a cause stands on the wall only where a technician may have to read it."""
    return (card.reason or "") if card.signal is Signal.OUT_OF_SERVICE else ""


def type_in(page: Page, *keys: str) -> None:
    """Touch these keys of the pad, one after the other."""
    for key in keys:
        page.locator(f'#pad [data-key="{key}"]').click()


def take_pad(browser: Browser, folder: Path) -> None:
    """Pictures of the keypad at all sizes: the number, the PIN, and a wrong one."""
    with kiosk(drawn.picture(browser)) as server:
        for size, (width, height) in SIZES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(f"http://127.0.0.1:{server.port}/")
            server.surroundings(replace(CONNECTED, pins=2))
            server.show(Card(Signal.IDLE))
            page.wait_for_selector('body[data-signal="idle"][data-pin="true"]')
            page.screenshot(path=folder / f"wall-with-pin-{size}.png")
            page.locator("#pad-open").click()
            type_in(page, *"40718")
            page.screenshot(path=folder / f"wall-pad-number-{size}.png")
            type_in(page, "Enter", *"4829")
            page.screenshot(path=folder / f"wall-pad-pin-{size}.png")
            server.show(cards()["pin-wrong"])
            type_in(page, "Enter")
            page.wait_for_selector('#pad[data-said="wrong"]')
            page.wait_for_selector('body[data-signal="not-recognised"]')
            page.screenshot(path=folder / f"wall-pad-wrong-{size}.png")
            page.close()


def shoot(page: Page, server: ScreenServer, card: Card, path: Path) -> None:
    """One state, once the page shows it."""
    server.surroundings(CUT_OFF if card.signal is Signal.RECORDED_OFFLINE else CONNECTED)
    server.show(card)
    page.wait_for_selector(f'body[data-signal="{card.signal}"][data-picture="live"]')
    expect(page.locator("#reason")).to_have_text(reason_shown(card))
    expect(page.locator("#receipt")).to_have_text(
        "" if not card.entry else re.compile("pusat" if card.received else "kiosk")
    )
    page.evaluate(
        "Promise.all(document.getAnimations().filter(a => a.effect.getTiming().iterations < 9).map(a => a.finished))"
    )
    page.screenshot(path=path)

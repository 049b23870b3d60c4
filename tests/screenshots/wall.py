"""Every state of the wall, each at every size."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from firmware.signals import Signal
from kiosk.screen import Card, Picture, ScreenServer, Surroundings
from kiosk.screen.view import FAULTS
from kiosk.settings import Identity, ScreenSettings
from models.face import Hint
from tests.screenshots import drawn

SIZES = {"800x480": (800, 480), "1280x800": (1280, 800), "600x1024": (600, 1024)}
MORNING = datetime(2026, 1, 5, 0, 21, 37, tzinfo=UTC)
IDENTITY = Identity(id="kiosk-1", unit="BKD", unit_name="Badan Kepegawaian Daerah")
CONNECTED = Surroundings(online=True, backlog=0, clock_trusted=True, enrolled=148)
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
    return states | {f"fault-{word}": Card(Signal.OUT_OF_SERVICE, reason=word) for word in FAULTS}


@contextmanager
def kiosk(picture: Picture, language: str = "id") -> Iterator[ScreenServer]:
    """A screen whose camera always sees the drawn person."""
    server = ScreenServer(ScreenSettings(port=0, language=language), IDENTITY, show_s=60, now=lambda: MORNING)
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


def shoot(page: Page, server: ScreenServer, card: Card, path: Path) -> None:
    """One state, once the page shows it."""
    server.surroundings(CUT_OFF if card.signal is Signal.RECORDED_OFFLINE else CONNECTED)
    server.show(card)
    page.wait_for_selector(f'body[data-signal="{card.signal}"][data-picture="live"]')
    expect(page.locator("#reason")).to_have_text(card.reason or "")
    expect(page.locator("#receipt")).to_have_text(
        "" if not card.entry else re.compile("pusat" if card.received else "kiosk")
    )
    page.evaluate(
        "Promise.all(document.getAnimations().filter(a => a.effect.getTiming().iterations < 9).map(a => a.finished))"
    )
    page.screenshot(path=path)

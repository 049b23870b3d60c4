"""The centre's pages over an invented office."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from collector.settings import CollectorSettings
from collector.store.engine import open_engine
from collector.store.writer import Writer
from collector.web import WebServer
from tests.fixtures.accounts import browser_logged_in
from tests.screenshots import office, sticks

PAGES = {
    "board": "/",
    "unit": "/?unit=DISDIK",
    "kiosks": "/kiosks/",
    "kiosk": "/kiosks/kiosk-sdn1",
    "rollouts": "/rollouts/",
    "sticks": "/sticks/",
    "stick-came": f"/sticks/{sticks.CAME}",
    "stick-goes": f"/sticks/{sticks.GOES}",
    "person": "/people/p0004",
}
SIZES = {"1280": (1280, 800), "390": (390, 844)}


@contextmanager
def centre(folder: Path) -> Iterator[WebServer]:
    """The pages over a database in `folder`."""
    engine = open_engine(f"sqlite:///{folder / 'office.db'}")
    office.fill(engine)
    settings = CollectorSettings.model_validate({"web": {"port": 0}})
    with Writer(engine) as writer:
        server = WebServer(engine, writer, settings, now=lambda: office.NOW)
        server.start()
        try:
            yield server
        finally:
            server.close()


def take(browser: Browser, folder: Path, scratch: Path) -> None:
    """Pictures of all pages at both widths, whole and as printed."""
    with centre(scratch) as server:
        for size, (width, height) in SIZES.items():
            page = browser_logged_in(browser.new_page(viewport={"width": width, "height": height}), server)
            for name, path in PAGES.items():
                page.goto(f"http://127.0.0.1:{server.port}{path}")
                page.screenshot(path=folder / f"{name}-{size}.png", full_page=size == "390")
            page.close()

"""`python -m tests.screenshots FOLDER` writes the documentation's pictures; `--all` every state, page and size."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.fixtures.accounts import browser_logged_in
from tests.screenshots import centre, drawn, wall
from tests.screenshots.chromium import chromium

DOCS = {"wall-recorded": "recorded", "wall-offline": "recorded-offline", "wall-closer": "adjust-closer"}


def documentation(browser: Browser, folder: Path, scratch: Path) -> None:
    """The few pictures that the README and the manual show."""
    with wall.kiosk(drawn.picture(browser)) as server:
        page = browser.new_page(viewport={"width": 800, "height": 480})
        page.goto(f"http://127.0.0.1:{server.port}/")
        for name, state in DOCS.items():
            wall.shoot(page, server, wall.cards()[state], folder / f"{name}.png")
        page.close()
    with centre.centre(scratch) as server:
        page = browser_logged_in(browser.new_page(viewport={"width": 1280, "height": 800}), server)
        for name in ("board", "kiosks", "person"):
            page.goto(f"http://127.0.0.1:{server.port}{centre.PAGES[name]}")
            page.screenshot(path=folder / f"{name}.png")
        page.close()


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="every state, page and size")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, tempfile.TemporaryDirectory() as scratch:
        if chosen.all:
            wall.take(browser, chosen.folder)
            wall.take_pad(browser, chosen.folder)
            centre.take(browser, chosen.folder, Path(scratch))
        else:
            documentation(browser, chosen.folder, Path(scratch))


main()

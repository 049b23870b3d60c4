"""Debian's Chromium, headless and quiet."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


def chromium_path() -> str | None:
    """Where Chromium is, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a fresh profile."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium_path(), args=[*QUIET])
        try:
            yield browser
        finally:
            browser.close()

"""One Chromium for the pages of every file here, and for each test windows of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.screenshots.chromium import chromium


@pytest.fixture(scope="package")
def one_chromium() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def browser(one_chromium: Browser) -> Iterator[Browser]:
    """A browser that knows nothing: what a test opens in it, with its cookies and stores, is closed after it."""
    assert not one_chromium.contexts
    yield one_chromium
    for context in one_chromium.contexts:
        context.close()

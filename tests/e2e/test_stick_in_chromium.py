"""A stick at the centre in a real browser: its folder is chosen, what became of it is read, and the answer is fetched."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from collector.settings import CollectorSettings
from collector.sticks.job import StickJob
from collector.store.engine import open_reader
from collector.web import WebServer
from tests.centre import AT, Centre, FakeKiosk, opened
from tests.fixtures.accounts import browser_logged_in
from tests.screenshots.chromium import chromium_path
from wire.stick import MARKER

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium"),
]
SCHOOL = FakeKiosk("sdn-1")


@contextmanager
def served(folder: Path) -> Iterator[tuple[Centre, WebServer]]:
    """The pages, and the job of sticks beside them."""
    folder.mkdir()
    settings = CollectorSettings.model_validate({"web": {"port": 0}, "releases": {"folder": folder / "releases"}})
    url = f"sqlite:///{folder / 'centre.db'}"
    with opened(url, folder) as centre:
        centre.register(SCHOOL)
        reader, stop = open_reader(url), threading.Event()
        server = WebServer(reader, centre.writer, settings, now=lambda: AT)
        job = StickJob(reader, centre.writer, centre.keys, settings, lambda: AT)
        working = threading.Thread(target=job.run, args=(stop,))
        server.start()
        working.start()
        yield centre, server
        stop.set()
        working.join(20)
        server.close()
        reader.dispose()


def written(folder: Path) -> Path:
    """A stick as a kiosk left it."""
    (folder / "from/sdn-1").mkdir(parents=True)
    (folder / MARKER).write_text('{"siperlu":"stick","version":1}\n')
    kiosk = FakeKiosk("sdn-1")
    kiosk.key, kiosk.relay = SCHOOL.key, SCHOOL.relay
    (folder / "from/sdn-1/records.txt").write_text("".join(f"{one}\n" for one in kiosk.day(25)))
    (folder / "from/sdn-1/replies.txt").write_text("")
    return folder


@pytest.mark.parametrize("scripts", [True, False])
def test_a_stick_is_brought_and_its_answer_fetched(browser: Browser, tmp_path: Path, *, scripts: bool) -> None:
    stick = written(tmp_path / "SIPERLU")
    with served(tmp_path / "centre") as (centre, server):
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, java_script_enabled=scripts, accept_downloads=True
        )
        page = browser_logged_in(context.new_page(), server)
        page.goto(f"http://127.0.0.1:{server.port}/sticks/")
        page.set_input_files("#folder", stick)
        page.get_by_role("button", name="Terima").click()
        expect(page.locator(".sums .good b")).to_have_text("25", timeout=30_000)
        assert len(centre.rows("records")) == 25
        page.get_by_role("button", name="Siapkan jawaban").click()
        with page.expect_download(timeout=30_000) as fetched:
            page.get_by_role("link", name="Ambil ZIP").click(timeout=30_000)
        with zipfile.ZipFile(fetched.value.path()) as made:
            assert MARKER in made.namelist()
            assert made.read("to/sdn-1/receipts.txt").count(b"\n") == 1
        context.close()
    assert [row["action"] for row in centre.rows("audit_log")] == [
        "stick.bring",
        "stick.take",
        "stick.order",
        "stick.download",
    ]

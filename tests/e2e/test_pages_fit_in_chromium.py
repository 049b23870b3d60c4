"""Every page of the centre in a real browser, on a phone and on a desk: it fits, it speaks Indonesian, and it prints clean."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import Engine

from collector.accounts.roles import Role
from collector.settings import CollectorSettings
from collector.store.engine import open_engine
from collector.store.writer import Writer
from collector.web import WebServer
from collector.web.words import catalogue
from tests.fixtures import demo_regency as demo
from tests.fixtures import judged_regency as regency
from tests.fixtures.accounts import browser_logged_in
from tests.screenshots import office, sticks
from tests.screenshots.chromium import chromium_path
from tests.stores import lay_tables

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium"),
]

WIDTHS = {"phone": (390, 844), "desk": (1280, 800)}
PAPER = (1054, 720)
"""A4 lying, as reports are printed, within its margins of 9 mm, in CSS pixels."""

OFFICE = [
    *("/?unit=DISDIK", "/kiosks/kiosk-sdn1", "/people/p0004", "/people/p0004/card", "/leave/new?unit=SDN1"),
    *(f"/sticks/{sticks.CAME}", f"/sticks/{sticks.GOES}"),
]
REPORTS = [
    "/reports/recap/?month=2026-05&unit=SDN1",
    "/reports/recap/?month=2026-05&unit=SDN1&sheet=1",
    "/reports/recap/?month=2026-05",
    "/reports/discipline/?year=2026",
    "/reports/after-leave/",
    "/reports/year/?year=2026&unit=SDN1",
    f"/reports/year/people/{regency.ABSENT}?year=2026",
    "/reports/trends/?from=2026-04-06&to=2026-05-31",
]
PRINTED = [each for each in REPORTS if "recap" in each or "year" in each or "discipline" in each]

LOOK = """words => {
  const wide = document.documentElement.clientWidth, bad = [];
  const kept = element => {  // in a box that scrolls, or that shows nothing
    for (let above = element.parentElement; above; above = above.parentElement) {
      const style = getComputedStyle(above);
      if (style.clipPath !== 'none') return true;
      if (style.overflowX !== 'visible' && above.getBoundingClientRect().right <= wide + 1) return true;
    }
    return false;
  };
  const told = element => `${element.tagName}.${element.getAttribute('class') || ''} "${element.textContent.trim().slice(0, 40)}"`;
  for (const element of document.body.querySelectorAll('*:not(svg *)')) {
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    if (style.visibility === 'hidden' || style.clipPath !== 'none' || !box.width || !box.height || box.bottom < 0) continue;
    if ((box.right > wide + 1 || box.left < -1) && !kept(element)) bad.push('outside: ' + told(element));
    if (element.matches('dd') && element.scrollWidth > element.clientWidth + 2) bad.push('over its neighbour: ' + told(element));
    if (style.overflowX === 'visible' && style.display === 'block' && element.scrollWidth > element.clientWidth + 2
        && box.left + element.scrollWidth > wide && !kept(element)) bad.push('runs off: ' + told(element));
  }
  const buttons = [...document.querySelectorAll('.button')].map(each => [each, each.getBoundingClientRect()]).filter(each => each[1].width);
  for (const [element, box] of buttons) for (const [, other] of buttons)
    if (Math.abs(box.top - other.top) < 2 && Math.abs(box.right - other.left) < 2) bad.push('touches the next: ' + told(element));
  for (const each of document.querySelectorAll('.rota-scroll')) if (wide >= 1200 && each.scrollWidth > each.clientWidth + 1)
    bad.push(`a month of ${each.scrollWidth} px in ${each.clientWidth}`);
  if (document.documentElement.scrollWidth > wide) bad.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), english = new Set(words);
  while (texts.nextNode()) {
    const said = texts.currentNode.data.trim();
    if (english.has(said)) bad.push('not translated: ' + said);
  }
  return bad.slice(0, 5);
}"""


@contextmanager
def served(engine: Engine, now: Any) -> Iterator[WebServer]:
    with Writer(engine) as writer:
        server = WebServer(engine, writer, CollectorSettings.model_validate({"web": {"port": 0}}), now=lambda: now)
        server.start()
        try:
            yield server
        finally:
            server.close()


@pytest.fixture(scope="module")
def an_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('office') / 'office.db'}")
    office.fill(engine, people=60)
    with served(engine, office.NOW) as server:
        yield server


@pytest.fixture(scope="module")
def a_regency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('regency') / 'regency.db'}")
    lay_tables(engine)
    with engine.begin() as connection:
        regency.fill(connection)
    with served(engine, regency.NOW) as server:
        yield server


@pytest.fixture(scope="module")
def a_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WebServer, demo.Address]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'demo.db'}"
    engine = open_engine(url)
    lay_tables(engine)
    with Writer(engine) as writer:
        address = demo.make(url, writer)
    with served(open_engine(url), demo.NOW) as server:
        yield server, address


class Looker:
    """A browser's page that remembers what went wrong while it loaded."""

    def __init__(self, page: Page, server: WebServer) -> None:
        self.page = page
        self._root = f"http://127.0.0.1:{server.port}"
        self._wrong: list[str] = []
        self.looked = 0
        self._english = [
            message.id
            for message in catalogue("id")
            if isinstance(message.id, str) and message.string not in (message.id, "") and " " in message.id
        ]
        page.on(
            "console",
            lambda said: (
                self._wrong.append(said.text) if said.type == "error" and "resource" not in said.text else None
            ),
        )
        page.on("pageerror", lambda error: self._wrong.append(str(error)))
        page.on("response", lambda got: self._wrong.append(f"{got.status} {got.url}") if got.status >= 400 else None)

    def faults(self, path: str) -> list[str]:
        """Open a page; what nobody should see. One that is not there for whoever looks has no faults."""
        self._wrong.clear()
        answer = self.page.goto(self._root + path)
        assert answer is not None
        if answer.status == 404 or "text/html" not in answer.headers.get("content-type", ""):
            return []
        self.looked += 1
        return [*self._wrong, *self.page.evaluate(LOOK, self._english)]

    def all_faults(self, paths: list[str]) -> dict[str, list[str]]:
        return {path: found for path in paths if (found := self.faults(path))}


@contextmanager
def looking(browser: Browser, server: WebServer, size: tuple[int, int], role: Role, **who: str) -> Iterator[Looker]:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    yield Looker(browser_logged_in(context.new_page(), server, role, **who), server)
    context.close()


def plain_routes(server: WebServer) -> list[str]:
    """Every page that is asked for without saying of what."""
    rules = [rule for rule in server.app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    return sorted({rule.rule for rule in rules if not rule.rule.endswith((".csv", ".xlsx"))})


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_speaks_indonesian_and_misses_nothing(
    browser: Browser, an_office: WebServer, width: str
) -> None:
    with looking(browser, an_office, WIDTHS[width], Role.BKD_ADMIN) as looker:
        assert looker.all_faults(OFFICE) == {}
        assert looker.looked == len(OFFICE)
        assert looker.all_faults(plain_routes(an_office)) == {}
        assert looker.looked > 30


@pytest.mark.parametrize("width", [*WIDTHS, "paper"])
def test_what_people_open_every_day_fits_and_nothing_lies_over_anything(
    browser: Browser, a_demo: tuple[WebServer, demo.Address], width: str
) -> None:
    server, address = a_demo
    size = WIDTHS.get(width, PAPER)
    for role, paths in ((Role.BKD_ADMIN, address.pages()), (Role.INSPECTORATE, address.spot_pages())):
        with looking(browser, server, size, role) as looker:
            looker.page.emulate_media(media="print" if width == "paper" else "screen")
            assert looker.all_faults(paths) == {}
            assert looker.looked == len(paths)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_report_fits(browser: Browser, a_regency: WebServer, width: str) -> None:
    with looking(browser, a_regency, WIDTHS[width], Role.INSPECTORATE) as looker:
        assert looker.all_faults(REPORTS) == {}
        assert looker.looked == len(REPORTS)


@pytest.mark.parametrize(
    ("role", "who"),
    [
        (Role.EMPLOYEE, {"person": "p-sdn1-0"}),
        (Role.OPD_HEAD, {"unit": "DISDIK"}),
        (Role.OPD_OPERATOR, {"unit": "DISDIK"}),
    ],
)
def test_what_others_find_in_their_menu_fits_a_phone(
    browser: Browser, a_regency: WebServer, role: Role, who: dict[str, str]
) -> None:
    with looking(browser, a_regency, WIDTHS["phone"], role, **who) as looker:
        assert looker.faults("/enter") == []
        menu = looker.page.eval_on_selector_all("header nav a", "links => links.map(link => link.getAttribute('href'))")
        assert menu
        assert looker.all_faults([path for path in menu if path.startswith("/")]) == {}


def test_what_is_printed_has_no_navigation_and_no_cut_table(
    browser: Browser, a_regency: WebServer, tmp_path: Path
) -> None:
    with looking(browser, a_regency, PAPER, Role.INSPECTORATE) as looker:
        looker.page.emulate_media(media="print")
        assert looker.all_faults(PRINTED) == {}
        for number, path in enumerate(PRINTED):
            looker.faults(path)
            target = tmp_path / f"{number}.pdf"
            looker.page.pdf(path=target, prefer_css_page_size=True)
            text = subprocess.run(["pdftotext", target, "-"], capture_output=True, text=True, check=True).stdout
            assert "Keluar" not in text, path
            assert len(text) > 100, path

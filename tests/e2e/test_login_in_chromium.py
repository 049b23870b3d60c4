"""The door in a real browser: in with a one-time password, an own one chosen, out everywhere; an employee by a link."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from collector.accounts import book
from collector.accounts.book import Author
from collector.accounts.roles import Role
from collector.web import WebServer
from collector.web.desk import Desk
from tests.fixtures.accounts import browser_logged_in
from tests.screenshots import centre
from tests.screenshots.chromium import chromium_path, width_needed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium"),
]
OWN = "pisang agung lumajang 2"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    with centre.centre(tmp_path_factory.mktemp("door")) as server:
        yield server


def desk_of(server: WebServer) -> Desk:
    desk: Desk = server.app.extensions["desk"]
    return desk


def open_page(browser: Browser, server: WebServer, path: str = "/", width: int = 1280) -> Page:
    """A page of a browser that knows nothing; what it says on its console fails the test."""
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(f"http://127.0.0.1:{server.port}{path}")
    return page


def log_in(page: Page, login: str, password: str) -> None:
    page.get_by_label("Nama pengguna").fill(login)
    page.get_by_label("Kata sandi").fill(password)
    page.get_by_role("button", name="Masuk").click()


def choose(page: Page, old: str, new: str) -> None:
    page.get_by_label("Kata sandi sekarang").fill(old)
    page.get_by_label("Kata sandi baru", exact=True).fill(new)
    page.get_by_label("Ulangi kata sandi baru").fill(new)
    page.get_by_role("button", name="Ganti kata sandi").click()


def test_in_with_a_one_time_password_an_own_one_chosen_and_out_everywhere(browser: Browser, server: WebServer) -> None:
    desk = desk_of(server)
    with desk.write() as session:
        password = book.first_admin(session, desk.now(), timedelta(hours=1)) or ""
    page = open_page(browser, server, "/kiosks/")
    assert page.evaluate("document.activeElement.id") == "login"
    log_in(page, "admin", "wrong")
    expect(page.get_by_role("alert").filter(has_text="salah")).to_be_visible()
    log_in(page, "ADMIN ", password)
    expect(page.get_by_role("heading", name="Ganti kata sandi")).to_be_visible()
    page.goto(f"http://127.0.0.1:{server.port}/")
    expect(page.get_by_role("heading", name="Ganti kata sandi")).to_be_visible()
    choose(page, password, "punya-administrator")
    expect(page.locator(".field.wrong .error")).to_have_text("Kata sandi tidak boleh memuat nama Anda sendiri.")
    choose(page, password, OWN)
    expect(page.get_by_role("status").filter(has_text="Kata sandi baru berlaku")).to_be_visible()
    expect(page.get_by_role("heading", name="Kehadiran")).to_be_visible()

    other = open_page(browser, server, width=390)
    log_in(other, "admin", OWN)
    expect(other.get_by_role("heading", name="Kehadiran")).to_be_visible()
    page.get_by_role("link", name="Administrator").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Keluar dari semua").click()
    expect(page.get_by_role("heading", name="Masuk")).to_be_visible()
    other.reload()
    expect(other.get_by_role("heading", name="Masuk")).to_be_visible()
    page.go_back()  # nothing was kept of what was seen
    expect(page.get_by_role("heading", name="Masuk")).to_be_visible()
    page.close()
    other.close()


def test_a_board_whose_session_ended_says_so_by_itself(browser: Browser, server: WebServer) -> None:
    page = open_page(browser, server, "/login")
    browser_logged_in(page, server, Role.INSPECTORATE)
    page.goto(f"http://127.0.0.1:{server.port}/")
    expect(page.locator("#people table")).to_be_visible()
    desk = desk_of(server)
    with desk.write() as session:
        book.reset(session, "inspectorate", Author("test", desk.now()), timedelta(hours=1))
    expect(page.get_by_role("heading", name="Masuk")).to_be_visible(timeout=10_000)
    page.close()


def test_an_employee_comes_in_by_the_printed_link(browser: Browser, server: WebServer) -> None:
    operator = open_page(browser, server, "/login")
    browser_logged_in(operator, server, Role.OPD_OPERATOR, "DISDIK")
    operator.goto(f"http://127.0.0.1:{server.port}/?unit=SDN1")
    operator.locator("#people .who a").first.click()
    operator.get_by_role("button", name="Tautan serahan").click()
    name = operator.get_by_role("heading", level=1).inner_text()
    expect(operator.locator(".qr svg")).to_be_visible()
    link = operator.locator(".code.small").inner_text()
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    page.get_by_label("Kata sandi baru", exact=True).fill(OWN)
    page.get_by_label("Ulangi kata sandi baru").fill(OWN)
    page.get_by_role("button", name="Pilih kata sandi").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    assert width_needed(page) <= 390
    page.goto(link)
    expect(page.get_by_role("heading", name="Tautan ini tidak membuka apa-apa lagi")).to_be_visible()
    page.close()
    operator.close()


@pytest.mark.parametrize(
    "path", ["/login", "/accounts/", "/accounts/new", "/accounts/bkd-admin", "/audit/", "/account"]
)
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_its_screen(browser: Browser, server: WebServer, path: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    if path != "/login":
        browser_logged_in(page, server)
    page.goto(f"http://127.0.0.1:{server.port}{path}")
    assert width_needed(page) <= width
    page.close()
    assert said == []

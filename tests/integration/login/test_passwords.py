"""Passwords: which are taken, and those that hold once."""

from __future__ import annotations

import subprocess
import sys

import pytest
from flask.testing import FlaskClient

from collector.accounts import book
from collector.accounts.book import Author
from collector.store.writer import Writer
from tests.integration.login.door import DAY, OWN, Clock, change, log_in, token_of
from tests.screenshots import office


@pytest.mark.parametrize("new", ["short", "aaaaaaaaaaaa", "Password12345!", "081234567890", "rinaaaa-2026-ok", OWN])
def test_a_password_that_is_easy_to_guess_is_not_taken(client: FlaskClient, new: str) -> None:
    log_in(client)
    assert change(client, OWN, new) == 200
    assert (
        'class="error"'
        in client.post(
            "/account/password",
            data={"csrf_token": token_of(client.get("/account").text), "old": OWN, "new": new, "again": new},
        ).text
    )


def test_a_one_time_password_opens_nothing_but_its_change(client: FlaskClient, writer: Writer) -> None:
    with writer.session() as session:
        password = book.reset(session, "rina", Author("test", office.NOW), DAY)
    assert log_in(client) == 401
    assert log_in(client, password=password) == 303
    for path in ("/", "/board.csv", "/account", "/violations/"):
        assert client.get(path).location == "/account/password"
    asked = client.get("/sticks/may", headers={"Sec-Fetch-Mode": "cors"})
    assert asked.status_code == 403, "the TLS front takes nothing but yes and no"
    assert change(client, password, "teh manis tanpa es") == 303
    assert client.get("/").status_code == 200
    assert log_in(client, password=password) == 401


def test_a_one_time_password_runs_out(client: FlaskClient, writer: Writer, clock: Clock) -> None:
    with writer.session() as session:
        password = book.reset(session, "rina", Author("test", office.NOW), DAY)
    clock.pass_(hours=25)
    assert log_in(client, password=password) == 401


def test_a_real_process_hashes_as_rfc_9106_recommends_for_everybody_and_for_nobody() -> None:
    """Tests hash cheaply (tests/conftest.py); this one asks a process that they did not touch."""
    script = "from collector.accounts import passwords as p; print(p.hashed('x'), p.NOBODY, p.outdated(p.NOBODY))"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert [one.rpartition("$")[0].rpartition("$")[0] for one in told[:2]] == ["$argon2id$v=19$m=65536,t=3,p=4"] * 2
    assert told[2] == "False"

"""Sessions: how long they live, and what ends them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import Engine

from collector import audit
from collector.accounts import book, sessions
from collector.accounts.book import Author, Wish
from collector.accounts.roles import Role
from collector.accounts.sessions import Client, Limits
from collector.audit.log import lock
from collector.store.accounts import StoredAccount, WebSession
from collector.store.engine import open_engine
from collector.store.writer import Writer
from tests.integration.login.door import DAY, HASHED, OWN, Clock, browser, change, log_in, post, sessions_of
from tests.screenshots import office


def test_a_session_after_a_change_of_password_is_void_everywhere_but_here(
    client: FlaskClient, writer: Writer, clock: Clock
) -> None:
    thief = browser(writer, clock)
    log_in(client)
    log_in(thief)
    stolen = client.get_cookie("siperlu")
    assert change(client, OWN, "teh manis tanpa es") == 303
    assert client.get("/").status_code == 200
    assert thief.get("/").status_code == 303
    assert stolen is not None
    thief.set_cookie("siperlu", stolen.value)
    assert thief.get("/").status_code == 303
    assert log_in(thief) == 401
    assert log_in(thief, password="teh manis tanpa es") == 303


def test_log_out_everywhere_means_everywhere(client: FlaskClient, writer: Writer, clock: Clock, engine: Engine) -> None:
    other = browser(writer, clock)
    log_in(client)
    log_in(other)
    assert post(client, "/account/sessions") == 303
    assert [one.get("/").status_code for one in (client, other)] == [303, 303]
    assert sessions_of(engine) == []


def test_one_browser_can_be_logged_out_but_not_somebody_elses(
    client: FlaskClient, writer: Writer, clock: Clock, engine: Engine
) -> None:
    with writer.session() as session:
        book.create(session, Wish("budi", "Budi", Role.BKD_OFFICER), Author("test", office.NOW), DAY)
        session.get_one(StoredAccount, "budi").password = HASHED
        session.get_one(StoredAccount, "budi").one_time_until = None
    log_in(client)
    other = browser(writer, clock)
    log_in(other, "budi")
    with engine.connect() as connection:
        theirs = connection.scalars(sa.select(WebSession.id).where(WebSession.account == "budi")).one()
    assert post(client, "/account/sessions", browser=theirs) == 303
    assert other.get("/").status_code == 200


@pytest.mark.parametrize("after", [{"minutes": 121}, {"hours": 13}])
def test_a_session_ends_without_use_and_after_a_day(client: FlaskClient, clock: Clock, after: dict[str, float]) -> None:
    log_in(client)
    clock.pass_(**after)
    assert client.get("/").status_code == 303


def test_a_session_in_use_goes_on_until_the_whole_limit(client: FlaskClient, clock: Clock) -> None:
    log_in(client)
    for _ in range(7):
        clock.pass_(minutes=100)
        assert client.get("/").status_code == 200
    clock.pass_(minutes=100)
    assert client.get("/").status_code == 303


def test_a_page_that_asks_for_itself_keeps_nobody_logged_in(client: FlaskClient, clock: Clock) -> None:
    log_in(client)
    for _ in range(2):
        clock.pass_(minutes=70)
        told = client.get("/", headers={"Sec-Fetch-Mode": "cors"})
    assert told.status_code == 401


@pytest.mark.parametrize("by", ["role", "disable", "reset"])
def test_a_session_ends_when_the_account_changes(client: FlaskClient, writer: Writer, by: str) -> None:
    log_in(client)
    author = Author("test", office.NOW)
    with writer.session() as session:
        book.create(session, Wish("admin", "Admin", Role.BKD_ADMIN), author, DAY)
        if by == "role":
            book.change(session, "rina", author, Role.INSPECTORATE, None)
        elif by == "disable":
            book.disable(session, "rina", author)
        else:
            book.reset(session, "rina", author, DAY)
    assert client.get("/").status_code == 303


def test_who_sweeps_what_has_run_out_waits_for_nobody_who_logs_out_everywhere(writer: Writer, store_url: str) -> None:
    limits, here = Limits(DAY, DAY), Client("10.0.0.1", "")
    with writer.session() as session:
        sessions.start(session, "rina", here, office.NOW - 2 * DAY, limits)
    with Writer(open_engine(store_url)) as other, ThreadPoolExecutor(1) as beside:

        def comes_in() -> str:
            with other.session() as session:
                lock(session)
                return sessions.start(session, "rina", here, office.NOW, limits)

        with writer.session() as session:
            assert book.close_sessions(session, "rina") == 1
            second = beside.submit(comes_in)
            wait([second], timeout=0.3)
            audit.note(session, "rina", "logout.everywhere", "rina")
        assert second.result(20)

"""The door: attacks on the log-in and on sessions, each named after what is tried."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import Engine

from collector.accounts import book, login, passwords
from collector.accounts.book import Author, Wish
from collector.accounts.login import Door
from collector.accounts.roles import Role
from collector.accounts.sessions import Client, Limits
from collector.accounts.throttle import Rule
from collector.settings import CollectorSettings
from collector.store import migrate
from collector.store.accounts import StoredAccount, WebSession
from collector.store.audit import AuditEntry
from collector.store.engine import open_engine
from collector.store.writer import Writer
from collector.web import create_app
from tests.screenshots import office

OWN = "kopi tanpa gula pagi"
DAY = timedelta(days=1)


class Clock:
    """The time, moved by hand."""

    def __init__(self) -> None:
        self.now = office.NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(store_url: str) -> Iterator[Writer]:
    with Writer(open_engine(store_url)) as writer:
        migrate.upgrade(writer.engine)
        with writer.session() as session:
            book.create(session, Wish("rina", "Rina Wulandari", Role.BKD_OFFICER), Author("test", office.NOW), DAY)
            session.get_one(StoredAccount, "rina").password = HASHED
            session.get_one(StoredAccount, "rina").one_time_until = None
        yield writer


HASHED = passwords.hashed(OWN)


@pytest.fixture
def engine(writer: Writer) -> Engine:
    return writer.engine


@pytest.fixture
def client(writer: Writer, clock: Clock) -> FlaskClient:
    return browser(writer, clock)


def browser(writer: Writer, clock: Clock, **web: object) -> FlaskClient:
    settings = CollectorSettings.model_validate({"web": web})
    return create_app(writer.engine, writer, settings, clock).test_client()


def token_of(page: str) -> str:
    return str(re.findall(r'name="csrf_token" value="([^"]+)"', page)[0])


def log_in(client: FlaskClient, login: str = "rina", password: str = OWN, path: str = "/login", **more: object) -> int:
    token = token_of(client.get("/login", follow_redirects=True).text)
    form = {"csrf_token": token, "login": login, "password": password}
    return client.post(path, data=form, environ_overrides=more).status_code


def post(client: FlaskClient, path: str, **form: str) -> int:
    return client.post(path, data={"csrf_token": token_of(client.get("/account").text), **form}).status_code


def change(client: FlaskClient, old: str, new: str) -> int:
    token = token_of(client.get("/account/password").text)
    form = {"csrf_token": token, "old": old, "new": new, "again": new}
    return client.post("/account/password", data=form).status_code


def sessions_of(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(WebSession.id)))


def test_the_right_password_opens_the_board_and_a_wrong_one_nothing(client: FlaskClient) -> None:
    assert client.get("/").location == "/login"
    assert log_in(client, password="wrong") == 401
    assert client.get("/").status_code == 303
    assert log_in(client) == 303
    assert client.get("/").status_code == 200
    assert "Rina Wulandari" in client.get("/").text


def test_user_enumeration_both_answers_are_the_same(client: FlaskClient, writer: Writer) -> None:
    with writer.session() as session:
        book.create(session, Wish("gone", "Gone", Role.BKD_ADMIN), Author("test", office.NOW), DAY)
        book.create(session, Wish("other", "Other", Role.BKD_ADMIN), Author("test", office.NOW), DAY)
        book.disable(session, "gone", Author("test", office.NOW))
    told = set()
    for typed in ("rina", "nobody-of-this-name", "gone"):
        form = {"csrf_token": token_of(client.get("/login").text), "login": typed, "password": "wrong"}
        answer = client.post("/login", data=form)
        told.add((answer.status_code, re.sub(r'value="[^"]*"', "", answer.text)))
    assert len(told) == 1


def test_user_enumeration_both_answers_take_the_same_time(client: FlaskClient) -> None:
    """Without a hash compared for nobody, the second would be ten times quicker."""

    def median(login: str) -> float:
        took = []
        for number in range(3):
            began = time.perf_counter()
            log_in(client, login, "wrong", REMOTE_ADDR=f"10.0.0.{number}")
            took.append(time.perf_counter() - began)
        return statistics.median(took)

    known, unknown = median("rina"), median("nobody")
    assert 0.4 < known / unknown < 2.5


def test_brute_force_waits_after_five_and_a_restart_forgets_nothing(
    client: FlaskClient, writer: Writer, clock: Clock
) -> None:
    assert [log_in(client, password=f"guess {n}") for n in range(6)] == [401] * 5 + [429]
    assert log_in(browser(writer, clock)) == 429  # another process, the right password
    assert log_in(client, REMOTE_ADDR="10.9.9.9") == 303  # the owner, from elsewhere
    clock.pass_(minutes=16)
    assert log_in(browser(writer, clock)) == 303


def test_brute_force_from_one_address_over_many_accounts_waits_too(writer: Writer, clock: Clock) -> None:
    client = browser(writer, clock, attempts=1)
    assert [log_in(client, f"guess{n}", "x") for n in range(9)] == [401] * 8 + [429]


def test_brute_force_of_one_account_from_many_addresses_waits_too(writer: Writer, clock: Clock) -> None:
    client = browser(writer, clock, attempts=1)
    told = [log_in(client, password="x", REMOTE_ADDR=f"10.0.0.{n}") for n in range(11)]
    assert told == [401] * 10 + [429]


def test_brute_force_side_by_side_gets_no_more_guesses_than_one_after_the_other(writer: Writer, clock: Clock) -> None:
    door = Door(writer, clock, Limits(DAY, DAY), Rule(5, timedelta(minutes=15)))
    with ThreadPoolExecutor(12) as pool:
        tries = [pool.submit(login.log_in, door, "rina", f"guess {n}", Client("10.0.0.1", "")) for n in range(12)]
        answers = [one.result() for one in tries]
    assert sum(answer.again_at is None for answer in answers) == 5
    assert not any(answer.token for answer in answers)


def test_brute_force_by_the_form_that_changes_the_password(client: FlaskClient) -> None:
    log_in(client)
    assert [change(client, f"guess {n}", "another good one") for n in range(6)] == [401] * 5 + [429]


def test_a_right_password_is_no_failed_attempt(client: FlaskClient) -> None:
    for _ in range(7):
        assert log_in(client) == 303
        post(client, "/logout")


def test_fixation_a_log_in_gets_another_cookie_and_drops_what_was_in_the_old(
    client: FlaskClient, engine: Engine
) -> None:
    client.get("/login")
    before = client.get_cookie("siperlu")
    with client.session_transaction() as session:
        session["token"] = "chosen-by-the-attacker"
        session["planted"] = "yes"
    log_in(client)
    after = client.get_cookie("siperlu")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["token"] != "chosen-by-the-attacker"
    first = sessions_of(engine)
    post(client, "/logout")
    log_in(client)
    assert set(first).isdisjoint(sessions_of(engine))


def test_csrf_a_form_without_its_token_or_with_anothers_does_nothing(
    client: FlaskClient, writer: Writer, clock: Clock, engine: Engine
) -> None:
    log_in(client)
    other = browser(writer, clock)
    log_in(other)
    stolen = token_of(other.get("/account").text)
    for form in ({}, {"csrf_token": ""}, {"csrf_token": "x"}, {"csrf_token": stolen}):
        for path in ("/logout", "/account/sessions", "/account/password", "/login"):
            assert client.post(path, data=form).status_code == 400, (path, form)
    assert client.get("/").status_code == 200
    assert len(sessions_of(engine)) == 2


def test_csrf_another_sites_form_is_refused_even_with_the_token(client: FlaskClient) -> None:
    log_in(client)
    form = {"csrf_token": token_of(client.get("/account").text)}
    for site in ("cross-site", "same-site"):
        assert client.post("/logout", data=form, headers={"Sec-Fetch-Site": site}).status_code == 403
    assert client.get("/").status_code == 200


def test_csrf_of_the_log_in_itself_needs_a_token_too(client: FlaskClient) -> None:
    assert client.post("/login", data={"login": "rina", "password": OWN}).status_code == 400


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
        "/\t/evil",
        "evil",
    ],
)
def test_open_redirect_leads_to_no_other_place(client: FlaskClient, target: str) -> None:
    form = {"csrf_token": token_of(client.get("/login").text), "login": "rina", "password": OWN}
    assert client.post("/login", data=form, query_string={"next": target}).location == "/enter"


def test_the_log_in_leads_back_to_the_page_that_was_asked_for(client: FlaskClient) -> None:
    there = client.get("/violations/?from=2026-01-01").location
    form = {"csrf_token": token_of(client.get(there).text), "login": "rina", "password": OWN}
    assert client.post(there, data=form).location == "/violations/?from=2026-01-01"


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


def test_a_one_time_password_opens_nothing_but_its_change(client: FlaskClient, writer: Writer) -> None:
    with writer.session() as session:
        password = book.reset(session, "rina", Author("test", office.NOW), DAY)
    assert log_in(client) == 401
    assert log_in(client, password=password) == 303
    for path in ("/", "/board.csv", "/account", "/violations/"):
        assert client.get(path).location == "/account/password"
    assert change(client, password, "teh manis tanpa es") == 303
    assert client.get("/").status_code == 200
    assert log_in(client, password=password) == 401


def test_a_one_time_password_runs_out(client: FlaskClient, writer: Writer, clock: Clock) -> None:
    with writer.session() as session:
        password = book.reset(session, "rina", Author("test", office.NOW), DAY)
    clock.pass_(hours=25)
    assert log_in(client, password=password) == 401


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


def test_behind_tls_the_cookie_is_bound_to_this_host_and_others_are_refused(writer: Writer, clock: Clock) -> None:
    client = browser(writer, clock, origin="https://siperlu.lumajangkab.go.id")
    answer = client.get("/login", base_url="https://siperlu.lumajangkab.go.id")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-siperlu=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Hanya di komputer ini" not in answer.text
    assert client.get("/login", base_url="https://siperlu.lumajangkab.go.id.evil.example").status_code == 421


def test_the_database_holds_no_password_and_no_token(client: FlaskClient, engine: Engine) -> None:
    log_in(client)
    log_in(client, login=OWN, password="rina")  # typed into the wrong field
    with client.session_transaction() as session:
        token = session["token"]
    with engine.connect() as connection:
        everything = "".join(
            str(row)
            for table in (StoredAccount, WebSession, AuditEntry)
            for row in connection.execute(sa.select(*table.__table__.columns))
        ) + str(connection.execute(sa.text("SELECT * FROM login_attempts")).all())
    assert token not in everything
    assert OWN not in everything
    assert "$argon2id$" in everything


def test_every_log_in_and_every_refusal_is_noted(client: FlaskClient, engine: Engine) -> None:
    log_in(client, password="x")
    log_in(client, "nobody", "x")
    log_in(client)
    post(client, "/logout")
    with engine.connect() as connection:
        noted = connection.execute(sa.select(AuditEntry.action, AuditEntry.subject).order_by(AuditEntry.seq)).all()
    assert [tuple(row) for row in noted][1:] == [
        ("login.refused", "rina"),
        ("login.refused", "unknown"),
        ("login", "rina"),
        ("logout", "rina"),
    ]

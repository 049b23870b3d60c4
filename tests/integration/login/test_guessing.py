"""Attacks by guessing: accounts and passwords, from one address or many."""

from __future__ import annotations

import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

from argon2 import PasswordHasher
from flask.testing import FlaskClient

from collector import audit
from collector.accounts import book, login, throttle
from collector.accounts.book import Author, Wish
from collector.accounts.login import Door
from collector.accounts.roles import Role
from collector.accounts.sessions import Client, Limits
from collector.accounts.throttle import Rule
from collector.store.accounts import StoredAccount
from collector.store.engine import open_engine
from collector.store.writer import Writer
from tests.integration.login.door import DAY, OWN, Clock, browser, change, log_in, post, token_of
from tests.screenshots import office

REAL = PasswordHasher()
"""Tests hash cheaply otherwise: tests/conftest.py."""
RULE = Rule(5, timedelta(minutes=15))


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


def test_user_enumeration_both_answers_take_the_same_time(client: FlaskClient, writer: Writer) -> None:
    """Without a hash compared for nobody, the second would be ten times quicker."""
    with writer.session() as session:
        session.get_one(StoredAccount, "rina").password = REAL.hash(OWN)

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
    door = Door(writer, clock, Limits(DAY, DAY), RULE)
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


def test_two_who_come_in_from_one_address_never_wait_for_each_other(writer: Writer, store_url: str) -> None:
    counted = throttle.by_address("login", "10.0.0.1", RULE)
    with writer.session() as session:
        throttle.take(session, counted, office.NOW, RULE)
    with Writer(open_engine(store_url)) as other, ThreadPoolExecutor(1) as beside:

        def knock() -> object:
            with other.session() as session:
                return throttle.take(session, counted, office.NOW, RULE)

        with writer.session() as session:
            throttle.give_back(session, counted)
            second = beside.submit(knock)
            wait([second], timeout=0.3)
            audit.note(session, "rina", "login", "rina")
        assert second.result(20) is None

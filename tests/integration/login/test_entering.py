"""Entering: who gets in, where it leads, and what is noted and kept of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import Engine

from collector.store.accounts import StoredAccount, WebSession
from collector.store.audit import AuditEntry
from tests.integration.login.door import OWN, log_in, post, token_of


def test_the_right_password_opens_the_board_and_a_wrong_one_nothing(client: FlaskClient) -> None:
    assert client.get("/").location == "/login"
    assert log_in(client, password="wrong") == 401
    assert client.get("/").status_code == 303
    assert log_in(client) == 303
    assert client.get("/").status_code == 200
    assert "Rina Wulandari" in client.get("/").text


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

"""Attacks on the browser: planted cookies, forms of other sites, other names of the host."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import Engine

from collector.store.writer import Writer
from tests.integration.login.door import OWN, Clock, browser, log_in, post, sessions_of, token_of


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

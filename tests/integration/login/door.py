"""Browsers at the door, and the hand that types into its forms."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import Engine

from collector.accounts import passwords
from collector.settings import CollectorSettings
from collector.store.accounts import WebSession
from collector.store.writer import Writer
from collector.web import create_app
from tests.screenshots import office

OWN = "kopi tanpa gula pagi"
HASHED = passwords.hashed(OWN)
DAY = timedelta(days=1)


class Clock:
    """The time, moved by hand."""

    def __init__(self) -> None:
        self.now = office.NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **by: float) -> None:
        self.now += timedelta(**by)


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

"""A centre with one account, and a browser before its door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from collector.accounts import book
from collector.accounts.book import Author, Wish
from collector.accounts.roles import Role
from collector.store.accounts import StoredAccount
from collector.store.engine import open_engine
from collector.store.writer import Writer
from tests.integration.login.door import DAY, HASHED, Clock, browser
from tests.screenshots import office
from tests.stores import lay_tables


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(store_url: str) -> Iterator[Writer]:
    with Writer(open_engine(store_url)) as writer:
        lay_tables(writer.engine)
        with writer.session() as session:
            book.create(session, Wish("rina", "Rina Wulandari", Role.BKD_OFFICER), Author("test", office.NOW), DAY)
            session.get_one(StoredAccount, "rina").password = HASHED
            session.get_one(StoredAccount, "rina").one_time_until = None
        yield writer


@pytest.fixture
def engine(writer: Writer) -> Engine:
    return writer.engine


@pytest.fixture
def client(writer: Writer, clock: Clock) -> FlaskClient:
    return browser(writer, clock)

"""Databases for tests: SQLite files, and a real PostgreSQL server where one is installed."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, StaticPool, create_engine

from cli.bench.postgres import PrivatePostgres, find_binaries
from collector.store.engine import open_engine
from collector.store.tables import metadata

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """A server of the test session's own."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with PrivatePostgres(binaries) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PrivatePostgres) -> str:
    """An empty database on that server."""
    return postgres.new_database(f"t{next(_NUMBERS)}")


@pytest.fixture(scope="session")
def _tables() -> Iterator[sqlite3.Connection]:
    """Every table, made once."""
    with closing(sqlite3.connect(":memory:")) as made:
        engine = create_engine("sqlite://", creator=lambda: made, poolclass=StaticPool)
        metadata.create_all(engine)
        yield made


@pytest.fixture
def memory_engine(_tables: sqlite3.Connection) -> Iterator[Engine]:
    """A database in memory with every table, a copy of the one made once: for tests that touch no file."""
    engine = open_engine("sqlite://")
    with closing(engine.raw_connection()) as connection:
        _tables.backup(connection.driver_connection)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'centre.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """An empty database: every test that asks for it runs on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))

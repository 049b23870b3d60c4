"""Databases for tests: SQLite files, and a real PostgreSQL server where one is installed."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, StaticPool, create_engine, inspect

from cli.bench.postgres import PrivatePostgres, find_binaries
from collector.store import migrate
from collector.store.engine import open_engine
from collector.store.tables import metadata

_NUMBERS = itertools.count(1)


def lay_tables(engine: Engine) -> None:
    """Every table as the migrations leave it. They run once a process for SQLite, once a server for `postgres_url`, and are copied."""
    if inspect(engine).has_table("alembic_version"):
        return
    if engine.dialect.name != "sqlite":
        migrate.upgrade(engine)
        return
    copy_sqlite(_migrated(), engine)


def copy_sqlite(made: sqlite3.Connection, engine: Engine) -> None:
    """The whole of a database, instead of what the SQLite one of `engine` held."""
    with closing(engine.raw_connection()) as connection:
        assert connection.driver_connection is not None
        made.backup(connection.driver_connection)


@cache
def _migrated() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", check_same_thread=False)
    migrate.upgrade(create_engine("sqlite://", creator=lambda: made, poolclass=StaticPool))
    return made


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """A server of the test session's own."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with PrivatePostgres(binaries) as server:
        yield server


@pytest.fixture(scope="session")
def _desk(postgres: PrivatePostgres) -> Iterator[psycopg.Connection]:
    """A line to that server over which databases are made and dropped: a program for each takes longer than the work."""
    address = f"host=127.0.0.1 port={postgres.port} user=postgres dbname=postgres"
    with closing(psycopg.connect(address, autocommit=True)) as desk:
        yield desk


@contextmanager
def _database(desk: psycopg.Connection, server: PrivatePostgres, like: str) -> Iterator[str]:
    """A database for one test. Dropped at once, its pages are used again, and a run does not end on gigabytes to remove."""
    name = f"t{next(_NUMBERS)}"
    names = {"name": sql.Identifier(name), "like": sql.Identifier(like)}
    copied = "STRATEGY file_copy" if desk.info.server_version >= 150_000 else ""  # older ones know no other
    desk.execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {like} " + copied).format(**names))
    yield server.address(name)
    desk.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))


@pytest.fixture(scope="session")
def _laid_out(postgres: PrivatePostgres) -> str:
    """Name of a database there with every table, made once."""
    engine = open_engine(postgres.new_database("laid_out"))
    migrate.upgrade(engine)
    engine.dispose()
    return "laid_out"


@pytest.fixture
def postgres_url(postgres: PrivatePostgres, _desk: psycopg.Connection, _laid_out: str) -> Iterator[str]:
    """A database on that server, with every table."""
    with _database(_desk, postgres, _laid_out) as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres: PrivatePostgres, _desk: psycopg.Connection) -> Iterator[str]:
    """A database on that server without a table."""
    with _database(_desk, postgres, "template1") as url:
        yield url


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
    copy_sqlite(_tables, engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'centre.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """A database for `lay_tables`: every test that asks for it runs on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["sqlite", "empty_postgres"])
def empty_store_url(request: pytest.FixtureRequest) -> str:
    """A database without a table, SQLite and PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))

"""Opening the centre's database."""

from __future__ import annotations

import contextlib
import os
import re
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from collector.errors import SchemaError

BUSY_S = 10
WRITER_PRAGMAS = ("journal_mode=TRUNCATE", "synchronous=FULL", "foreign_keys=ON")
# In UTC a kiosk's wildest clock stays below the year 10000, which Python cannot read.
# A receipt follows a commit that is on disk, whatever the server's own default is.
SERVER: dict[str, Any] = {"options": "-c timezone=UTC -c synchronous_commit=on", "connect_timeout": BUSY_S}
QUIET: dict[str, Any] = {"hide_parameters": True}
"""An error's text tells the statement, never its values: those are people."""
DIALECTS = ("sqlite", "postgresql+psycopg")


def is_sqlite(url: str) -> bool:
    """Whether an address names an SQLite file."""
    return _parsed(url).get_backend_name() == "sqlite"


def open_engine(url: str) -> Engine:
    """An engine that may write: SQLite (journal TRUNCATE, synchronous FULL, foreign keys on) or PostgreSQL (psycopg 3).

    On SQLite write through `collector.store.writer.Writer` alone: one file has one writing connection.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, connect_args=SERVER, **QUIET)
    _for_us_alone(parsed.database)
    # check_same_thread off: the writer's one connection is used by several threads, one at a time under its lock.
    engine = create_engine(parsed, connect_args={**_waiting(), "check_same_thread": False}, **QUIET)
    return _sqlite(engine, "BEGIN IMMEDIATE")


def open_reader(url: str) -> Engine:
    """An engine for reading alone, beside the one that writes: SQLite `mode=ro`, PostgreSQL `READ ONLY`."""
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            parsed, pool_pre_ping=True, connect_args=SERVER, execution_options={"postgresql_readonly": True}, **QUIET
        )
    named = parsed.set(database=f"file:{parsed.database}").update_query_dict({"mode": "ro", "uri": "true"})
    return _sqlite(create_engine(named, connect_args=_waiting(), poolclass=NullPool, **QUIET), "BEGIN", pragmas=())


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        shown = re.sub(r":[^:@]*@", ":***@", url)
        raise SchemaError(f"store.url = {shown!r} is no SQLAlchemy address; e.g. sqlite:////var/lib/x.db") from error
    if parsed.drivername not in (*DIALECTS, "sqlite+pysqlite"):
        raise SchemaError(f"store.url: {parsed.drivername} is not supported; one of {', '.join(DIALECTS)}")
    return parsed


def _for_us_alone(database: str | None) -> None:
    """A new file is made readable by its owner alone: names and templates are in it. Its journals get the same mode."""
    if database and database != ":memory:" and not database.startswith("file:"):
        with contextlib.suppress(OSError):  # opening it says why
            os.close(os.open(database, os.O_RDWR | os.O_CREAT, 0o600))


def _waiting() -> dict[str, Any]:
    return {"timeout": BUSY_S, "isolation_level": None}


def _sqlite(engine: Engine, begin: str, pragmas: tuple[str, ...] = WRITER_PRAGMAS) -> Engine:
    """Transactions begin where SQLAlchemy says, not where Python's driver guesses: a read-then-write is one whole."""

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine

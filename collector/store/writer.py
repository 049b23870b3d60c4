"""The one way to write: one transaction at a time on SQLite, a pooled connection on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from collector.errors import StoreDownError

MENDS = {
    "unable to open database file": "check store.url: its folder must exist and belong to the centre's user",
    "readonly database": "it must belong to the centre's user",
    "database is locked": "another command is writing, try again",
    "no such table": "siperlu collector migrate",
    "database or disk is full": "free the disk",
}
"""What SQLite says, and what to do about it; a server's own words name the server."""


class Writer:
    """Writes to the centre's database; ingest and jobs of one process share it.

    SQLite: exactly one connection, kept open, under a lock (its threads take turns). PostgreSQL: the engine's pool.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._one = engine.dialect.name == "sqlite"
        self._lock = RLock()
        self._kept: Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end, rolled back on any error.

        Raises StoreDownError when the database does not answer, is locked, full or read-only; nothing was committed
        then, or, where the server went away during the commit itself, nobody knows: writing again must be harmless.
        """
        try:
            if self._one:
                with self._lock, self._only() as connection, connection.begin():
                    yield connection
            else:
                with self.engine.begin() as connection:
                    yield connection
        except DBAPIError as error:
            raise translated(error) from error

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The same as an ORM session; what it changed is flushed and committed at the end."""
        with self.transaction() as connection, Session(connection) as session:
            yield session
            session.flush()

    def close(self) -> None:
        """Give every connection back. Closing twice is fine."""
        with self._lock:
            if self._kept is not None:
                self._kept.close()
                self._kept = None
            self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _only(self) -> Iterator[Connection]:
        """The kept connection; given up after a database error, for its state may be anything."""
        if self._kept is None:
            self._kept = self.engine.connect()
        try:
            yield self._kept
        except DBAPIError:
            self._kept.close()
            self._kept = None
            raise


def translated(error: DBAPIError) -> Exception:
    """StoreDownError for what passes by itself or by an administrator; anything else is a fault of ours, unchanged."""
    if not (error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)):
        return error
    first = str(error.orig).strip().partition("\n")[0]
    mend = next((f"; {mend}" for said, mend in MENDS.items() if said in first), "")
    return StoreDownError(f"database: {first}{mend}")

"""SQLite as the kiosk uses it: one process and one connection write a file, others look at it briefly.

`journal_mode=TRUNCATE`, never WAL: a reader of another user would need, and sometimes make, a `-shm` file.
`synchronous=FULL`: a commit that returned survives a power cut.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, MetaData, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

BUSY_S = 5.0
"""A writer waits so long for readers, who hold the file for milliseconds."""

PATIENCE_S = 1.0
"""A reader tries so long, while the writer commits or a killed writer's journal waits for its next start."""


ASKERS = 20
"""A writer that starts tries its lock so often, 10 ms apart: somebody may just be asking whether it lives."""


class Trouble(StrEnum):
    """What kept a database from doing its work."""

    FULL = "full"
    READ_ONLY = "read-only"
    DAMAGED = "damaged"
    BUSY = "busy"
    ABSENT = "absent"
    OTHER = "other"


_TROUBLES = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_PERM: Trouble.READ_ONLY,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_CANTOPEN: Trouble.ABSENT,
}


class DatabaseError(RuntimeError):
    """The database could not do it; nothing was written by a commit that raised this, or it is all there."""

    def __init__(self, path: Path, trouble: Trouble, cause: object) -> None:
        super().__init__(f"{path}: {trouble.value} ({cause})")
        self.trouble = trouble


class TakenError(RuntimeError):
    """Another process writes this file."""


def has_writer(path: Path) -> bool:
    """Whether a process lives that may write this file. Asked by a shared lock, held for an instant."""
    try:
        handle = os.open(_lock_file(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _lock_file(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


class WriterLock:
    """The right to write a file: a flock on `<file>.lock`, which the kernel lets go when the process dies."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises TakenError when another process has it, DatabaseError when no lock can be made."""
        self._handle: int | None = None
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._handle = os.open(_lock_file(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            self._take()
        except BlockingIOError as error:
            self.close()
            raise TakenError(f"{path} is written by another process; stop that one first") from error
        except OSError as error:
            raise DatabaseError(path, trouble_of_files(error), error) from error

    def _take(self) -> None:
        """Somebody who only asks with `has_writer` is gone in an instant; another writer is not."""
        assert self._handle is not None
        for _ in range(ASKERS):
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.01)
            else:
                return
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Let others write; twice is fine."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class Writer:
    """The one writing connection of a file; whoever opens it holds the file's `WriterLock`."""

    def __init__(self, path: Path, tables: MetaData) -> None:
        """Open the file, or make it with its tables. Raises DatabaseError."""
        self.path = path
        self._engine = _engine(
            lambda: sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False), "BEGIN IMMEDIATE"
        )
        event.listen(self._engine, "connect", _set_up_writer)
        with self.transaction() as connection:
            tables.create_all(connection)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One durable commit, or nothing. Raises DatabaseError; the next transaction starts on a fresh connection."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            self._engine.dispose()
            raise DatabaseError(self.path, trouble(error), error.orig) from error

    def close(self) -> None:
        """Close the file; twice is fine."""
        self._engine.dispose()


class Reader:
    """Short looks at a file that another process writes; it may not exist yet, be replaced, or be busy.

    Any thread may look; they take turns. Closing SQLite's connection under another thread's statement ends the process.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mutex = threading.Lock()
        self._engine = _engine(self._connect, "BEGIN")
        self._opened: int | None = None  # inode of the file that is open
        self._seen: tuple[int | None, int] | None = None

    def changed(self) -> bool:
        """Whether something was committed, or the file replaced, since the last call; cheap enough for every frame.

        Raises DatabaseError.
        """

        def ask(connection: Connection) -> bool:
            now = (self._opened, int(connection.exec_driver_sql("PRAGMA data_version").scalar_one()))
            changed, self._seen = now != self._seen, now
            return changed

        return self.look(ask)

    def look(self, ask: Callable[[Connection], T]) -> T:
        """What `ask` finds in one consistent view. Raises DatabaseError, of trouble ABSENT when there is no file."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with self._mutex:
                    return self._look(ask)
            except DBAPIError as error:
                found = trouble(error)
                hopeless = found is Trouble.DAMAGED or not self.path.exists()
                if hopeless or time.monotonic() > deadline:
                    raise DatabaseError(self.path, found, error.orig) from error
                time.sleep(0.02)

    def close(self) -> None:
        """Let go of the file; twice is fine."""
        with self._mutex:
            self._engine.dispose()

    def _look(self, ask: Callable[[Connection], T]) -> T:
        if self._opened != _inode(self.path):
            self._engine.dispose()
        try:
            with self._engine.begin() as connection:
                return ask(connection)
        except DBAPIError:
            self._engine.dispose()
            raise

    def _connect(self) -> sqlite3.Connection:
        self._opened = _inode(self.path)
        return sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def trouble_of_files(error: OSError) -> Trouble:
    """The kind of trouble behind an error of the file system where something was to be written."""
    return Trouble.FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else Trouble.READ_ONLY


def trouble(error: DBAPIError) -> Trouble:
    """The kind of trouble behind a database error."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return Trouble.OTHER if code is None else _TROUBLES.get(code & 0xFF, Trouble.OTHER)


def _engine(connect: Callable[[], sqlite3.Connection], begin: str) -> Engine:
    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _leave_transactions_to_us(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.text_factory = lambda raw: raw.decode(
        errors="replace"
    )  # a flipped bit must fail a seal, not the reading


def _set_up_writer(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=TRUNCATE")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")  # what is deleted about people is gone from the file, too

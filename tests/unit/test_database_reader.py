"""Looking at another process's database: from several threads, one look at a time."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Column, Connection, Integer, MetaData, Table

from kiosk.database import Reader, Writer

LIMIT_S = 10.0
TABLES = MetaData()
NOTES = Table("notes", TABLES, Column("id", Integer, primary_key=True))


def test_threads_take_turns_and_never_close_each_others_connection(tmp_path: Path) -> None:
    """SQLite dies by a segmentation fault when a connection is closed under another thread's statement."""
    writer, reader = Writer(tmp_path / "a.db", TABLES), Reader(tmp_path / "a.db")
    begun: list[str] = []
    first_looks, second_looks = threading.Event(), threading.Event()

    def first(connection: Connection) -> bool:
        begun.append("first")
        first_looks.set()
        second_came = second_looks.wait(0.2)
        connection.execute(NOTES.select()).all()
        return second_came

    def second(_connection: Connection) -> None:
        begun.append("second")
        second_looks.set()

    answers: list[bool] = []
    one = threading.Thread(target=lambda: answers.append(reader.look(first)))
    one.start()
    assert first_looks.wait(LIMIT_S)
    reader.look(second)
    one.join(LIMIT_S)
    reader.close()
    writer.close()
    assert answers == [False]
    assert begun == ["first", "second"]


def test_a_change_is_seen_once_and_a_replaced_file_is_a_change(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    writer, reader = Writer(path, TABLES), Reader(path)
    assert reader.changed()
    assert not reader.changed()
    with writer.transaction() as connection:
        connection.execute(NOTES.insert().values(id=1))
    assert reader.changed()
    writer.close()
    path.rename(tmp_path / "old.db")
    writer = Writer(path, TABLES)
    assert reader.changed()
    assert not reader.changed()
    reader.close()
    writer.close()

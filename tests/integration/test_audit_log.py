"""The audit log: whole, added to by many at once, and by nobody edited without a trace."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from collector import audit
from collector.audit import log
from collector.audit.chain import Broken, Head
from collector.store.audit import AuditEntry
from collector.store.engine import open_engine
from collector.store.writer import Writer
from tests.fixtures.audit_log import unlocked
from tests.stores import lay_tables


@pytest.fixture
def writer(store_url: str) -> Iterator[Writer]:
    with Writer(open_engine(store_url)) as writer:
        lay_tables(writer.engine)
        yield writer


def write(writer: Writer, count: int, who: str = "rina") -> None:
    for number in range(count):
        with writer.session() as session:
            audit.note(session, who, "person.read", f"p{number}", {"month": "2026-01", "ä": "…", "n": number})


def verify(writer: Writer, known: Head | None = None) -> Head | Broken:
    with writer.session() as session:
        return log.verify(session, known)


def test_a_log_that_nobody_touched_holds(writer: Writer) -> None:
    assert verify(writer) == Head(0, "0" * 64)
    write(writer, 5)
    found = verify(writer)
    assert isinstance(found, Head)
    assert found.seq == 5
    assert verify(writer, found) == found


def test_what_is_rolled_back_was_not_done(writer: Writer) -> None:
    write(writer, 1)

    def fail() -> None:
        with writer.session() as session:
            audit.note(session, "rina", "account.create", "budi")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    write(writer, 1)
    found = verify(writer)
    assert isinstance(found, Head)
    assert found.seq == 2


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET who = 'x'", "DELETE FROM audit_log"])
def test_the_database_itself_refuses_to_edit(writer: Writer, statement: str) -> None:
    write(writer, 2)
    with pytest.raises(sa.exc.DBAPIError, match="only added to"), writer.transaction() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit_log SET who = 'somebody else' WHERE seq = 3", 3),
        ("UPDATE audit_log SET detail = '{}' WHERE seq = 3", 3),
        ("UPDATE audit_log SET subject = 'p9' WHERE seq = 1", 1),
        ("UPDATE audit_log SET at = '2020-01-01 00:00:00.000000' WHERE seq = 5", 5),
        ("DELETE FROM audit_log WHERE seq = 2", 2),
        ("DELETE FROM audit_log WHERE seq = 1", 1),
        ("UPDATE audit_log SET seq = 9 WHERE seq = 3", 3),
    ],
)
def test_the_first_broken_link_is_named(writer: Writer, statement: str, broken: int) -> None:
    write(writer, 5)
    unlocked(writer, statement)
    found = verify(writer)
    assert isinstance(found, Broken)
    assert found.seq == broken


def test_an_end_cut_off_shows_against_a_head_written_down_before(writer: Writer) -> None:
    write(writer, 5)
    known = verify(writer)
    assert isinstance(known, Head)
    unlocked(writer, "DELETE FROM audit_log WHERE seq > 3")
    assert isinstance(verify(writer), Head)
    found = verify(writer, known)
    assert isinstance(found, Broken)
    assert "ends at 3" in found.why
    write(writer, 2, who="another")  # made as long again
    found = verify(writer, known)
    assert isinstance(found, Broken)
    assert "written anew" in found.why


def test_many_at_once_make_one_chain(writer: Writer, store_url: str) -> None:
    """On PostgreSQL by connections of their own, as several web processes do."""
    writers = [writer] if store_url.startswith("sqlite") else [Writer(open_engine(store_url)) for _ in range(4)]
    threads = [
        threading.Thread(target=write, args=(writers[number % len(writers)], 15, f"thread {number}"))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verify(writer)
    assert isinstance(found, Head)
    assert found.seq == 60
    with writer.session() as session:
        assert len(set(session.scalars(sa.select(AuditEntry.who)))) == 4
    for one in writers:
        one.close()

"""A revoked kiosk's live connection ends, it does not come back, and nobody else notices: on a real broker."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from collector.authority import book, revoking
from collector.authority.certificates import Role
from collector.authority.contact import greeter
from collector.authority.enforcing import Enforcement
from collector.errors import LinkError
from collector.store.authority import Certificate
from collector.store.engine import open_engine
from collector.store.people import Kiosk, Unit
from collector.store.writer import Writer
from tests.fixtures.brokers import wait_for
from tests.fixtures.secured import Client, Secured, opened
from tests.stores import lay_tables

NOBODY = threading.Event().wait


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with opened(tmp_path_factory.mktemp("broker")) as secured:
        yield secured


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with Writer(open_engine(f"sqlite:///{tmp_path / 'centre.db'}")) as writer:
        lay_tables(writer.engine)
        with writer.session() as session:
            session.add(Unit(code="DISDIK", name="Dinas Pendidikan"))
            session.flush()
            session.add_all(Kiosk(id=f"kiosk-{n}", unit="DISDIK", registered_at=datetime.now(UTC)) for n in range(1, 4))
        yield writer


def enforcement(secured: Secured, writer: Writer) -> Enforcement:
    return Enforcement(writer, secured.authority, secured.list_path, greeter(secured.settings), NOBODY)


def connected(secured: Secured, writer: Writer, name: str) -> tuple[Client, ssl.SSLContext]:
    """A registered kiosk's live connection, and how it would connect again."""
    issued, key = secured.issue(name)
    with writer.transaction() as connection:
        book.enter(connection, issued, datetime.now(UTC), installed=True)
    context = secured.context(issued.chain, key)
    client = Client(secured.port, context)
    assert client.settle(), client.why
    return client, context


def revoke(writer: Writer, kiosk: str) -> None:
    with writer.session() as session:
        revoking.revoke(session, kiosk, "stolen", by="test", now=datetime.now(UTC))


def test_a_live_connection_ends_and_the_others_stay(broker: Secured, writer: Writer) -> None:
    stolen, again = connected(broker, writer, "kiosk-1")
    other, _ = connected(broker, writer, "kiosk-2")
    ear = Client(broker.port, broker.own("centre.ingest"))
    assert ear.settle()
    ear.subscribe("siperlu/v1/+/records")
    revoke(writer, "kiosk-1")
    assert enforcement(broker, writer).turn(datetime.now(UTC)) == 1
    wait_for("its connection has ended", stolen.ended.is_set)
    assert not Client(broker.port, again).settle()
    assert other.publish("siperlu/v1/kiosk-2/records", b"still here")
    wait_for("the other's record", lambda: [payload for _, payload, _ in ear.got] == [b"still here"])
    assert not other.ended.is_set()
    assert not ear.ended.is_set()
    with writer.session() as session:
        assert revoking.is_enforced(session, "kiosk-1")
    for client in (stolen, other, ear):
        client.close()


def test_only_the_older_certificate_of_one_that_registered_again_is_refused(broker: Secured, writer: Writer) -> None:
    older, older_context = connected(broker, writer, "kiosk-3")
    newer, newer_context = connected(broker, writer, "kiosk-3")
    wait_for("the newer took the older's place", older.ended.is_set)
    newer.close()
    with writer.transaction() as connection:
        book.revoke(connection, "kiosk-3", book.SUPERSEDED, datetime.now(UTC), but=_newest_key(connection))
    enforcement(broker, writer).turn(datetime.now(UTC))
    assert not Client(broker.port, older_context).settle()
    back = Client(broker.port, newer_context)
    assert back.settle()
    back.close()


def test_a_broker_that_does_not_read_the_list_is_found_out_and_nothing_is_called_done(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.authority.enforcing.PATIENCE_S", 0.5)
    with opened(tmp_path, watch=False) as deaf:
        stolen, _ = connected(deaf, writer, "kiosk-1")
        revoke(writer, "kiosk-1")
        with pytest.raises(LinkError, match="systemctl reload mosquitto"):
            enforcement(deaf, writer).turn(datetime.now(UTC))
        with writer.session() as session:
            assert not revoking.is_enforced(session, "kiosk-1")
        deaf.reload()
        # The next turn writes another list with another canary, which needs another reload: so it proves that one, too.
        turning = threading.Thread(target=enforcement(deaf, writer).turn, args=(datetime.now(UTC),))
        before = deaf.list_path.stat().st_mtime_ns
        monkeypatch.setattr("collector.authority.enforcing.PATIENCE_S", 20.0)
        turning.start()
        wait_for("another list", lambda: deaf.list_path.stat().st_mtime_ns != before)
        deaf.reload()
        turning.join()
        wait_for("its connection has ended", stolen.ended.is_set)
        stolen.close()


def test_a_broker_that_is_away_is_no_proof(broker: Secured, writer: Writer) -> None:
    revoke_before = broker.settings.model_copy(update={"port": 9})
    issued, _ = broker.issue("kiosk-1")
    with writer.transaction() as connection:
        book.enter(connection, issued, datetime.now(UTC), installed=True)
    revoke(writer, "kiosk-1")
    away = Enforcement(writer, broker.authority, broker.list_path, greeter(revoke_before), NOBODY)
    with pytest.raises(LinkError, match="is mosquitto running"):
        away.turn(datetime.now(UTC))
    with writer.session() as session:
        assert not revoking.is_enforced(session, "kiosk-1")


def test_nothing_to_revoke_writes_nothing(broker: Secured, writer: Writer) -> None:
    before = broker.list_path.stat().st_mtime_ns
    assert enforcement(broker, writer).turn(datetime.now(UTC)) == 0
    assert broker.list_path.stat().st_mtime_ns == before


def _newest_key(connection: Connection) -> str:
    query = select(Certificate.key).where(Certificate.role == Role.KIOSK.value).order_by(Certificate.issued_at.desc())
    return str(connection.scalars(query.limit(1)).one())

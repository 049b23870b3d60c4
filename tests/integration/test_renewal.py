"""Certificates are renewed by two orders and no visit; what goes wrong is asked for again the next day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from collector import commands
from collector.authority import book
from collector.authority.authority import Authority, Issued
from collector.authority.certificates import Role, Subject, new_key
from collector.authority.founding import found
from collector.authority.renewing import act_on_answers, order_renewals
from collector.commands import Answer, OrderState
from collector.commands.sending import take
from collector.store.engine import open_engine
from collector.store.people import Kiosk, Unit
from collector.store.writer import Writer
from tests.fixtures.registering import csr
from tests.stores import lay_tables
from wire.messages import Reply

NOW = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
LIFE, BEFORE = timedelta(days=400), timedelta(days=100)
SOON = NOW + LIFE - BEFORE + timedelta(days=1)
"""When the certificates of NOW are within their last hundred days."""


@pytest.fixture
def writer(store_url: str) -> Iterator[Writer]:
    with Writer(open_engine(store_url)) as writer:
        lay_tables(writer.engine)
        with writer.session() as session:
            session.add(Unit(code="DISDIK", name="Dinas Pendidikan"))
            session.flush()
            session.add_all(Kiosk(id=f"kiosk-{n}", unit="DISDIK", registered_at=NOW) for n in (1, 2))
        yield writer


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return found(tmp_path / "ca", tmp_path / "root.pem", "word", "Kabupaten Uji", NOW)


def issue(writer: Writer, authority: Authority, kiosk: str, at: datetime = NOW) -> Issued:
    issued = authority.issue(new_key().public_key(), Subject(kiosk, Role.KIOSK), at, LIFE)
    with writer.transaction() as connection:
        book.enter(connection, issued, at, installed=True)
    return issued


def due(writer: Writer, at: datetime) -> list[str]:
    with writer.transaction() as connection:
        return order_renewals(connection, at + BEFORE, at)


def orders(writer: Writer, kiosk: str = "kiosk-1") -> list[Answer]:
    """Newest first."""
    with writer.transaction() as connection:
        return commands.orders_of(connection, kiosk)


def reply(writer: Writer, authority: Authority, at: datetime, outcome: Any = "done", **detail: Any) -> None:
    """The kiosk answers its open order, and jobs act on it."""
    open_one = next(order for order in orders(writer) if order.state == OrderState.OPEN)
    with writer.transaction() as connection:
        take(connection, [(Reply(kiosk="kiosk-1", id=open_one.id, at=at, outcome=outcome, detail=detail), at)])
        act_on_answers(connection, authority, LIFE, at)


def test_a_certificate_is_renewed_from_request_to_installation(writer: Writer, authority: Authority) -> None:
    issue(writer, authority, "kiosk-1")
    issue(writer, authority, "kiosk-2", SOON)
    assert due(writer, NOW) == []
    assert due(writer, SOON) == ["kiosk-1"]
    assert due(writer, SOON) == []
    reply(writer, authority, SOON + timedelta(minutes=1), csr=csr(name="somebody-else"))
    install = orders(writer)[0]
    assert install.arguments["step"] == "install"
    leaf, sub = x509.load_pem_x509_certificates(install.arguments["certificate"].encode())
    leaf.verify_directly_issued_by(sub)
    assert leaf.subject.rfc4514_string() == "CN=kiosk-1"
    assert leaf.not_valid_after_utc == SOON + timedelta(minutes=1) + LIFE
    reply(writer, authority, SOON + timedelta(minutes=2))
    assert due(writer, SOON + timedelta(days=2)) == []
    assert due(writer, SOON + LIFE - BEFORE + timedelta(days=1)) == ["kiosk-1", "kiosk-2"]


@pytest.mark.parametrize("answer", [{"outcome": "failed"}, {"outcome": "refused"}, {"csr": "no request"}, {}])
def test_a_kiosk_that_did_not_answer_well_is_asked_again_the_next_day(
    writer: Writer, authority: Authority, answer: dict[str, Any]
) -> None:
    issue(writer, authority, "kiosk-1")
    due(writer, SOON)
    reply(writer, authority, SOON, **answer)
    assert due(writer, SOON + timedelta(hours=23)) == []
    assert due(writer, SOON + timedelta(hours=25)) == ["kiosk-1"]


def test_one_that_was_issued_and_not_installed_does_not_count(writer: Writer, authority: Authority) -> None:
    issue(writer, authority, "kiosk-1")
    due(writer, SOON)
    reply(writer, authority, SOON, csr=csr())
    reply(writer, authority, SOON, "failed")
    assert due(writer, SOON + timedelta(days=2)) == ["kiosk-1"]


def test_nobody_renews_what_is_revoked_or_retired(writer: Writer, authority: Authority) -> None:
    for kiosk in ("kiosk-1", "kiosk-2"):
        issue(writer, authority, kiosk)
    with writer.session() as session:
        book.revoke(session.connection(), "kiosk-1", "stolen", NOW)
        session.get_one(Kiosk, "kiosk-2").retired_at = NOW
    assert due(writer, SOON) == []


def test_one_that_was_retired_meanwhile_gets_none(writer: Writer, authority: Authority) -> None:
    issue(writer, authority, "kiosk-1")
    due(writer, SOON)
    with writer.session() as session:
        session.get_one(Kiosk, "kiosk-1").retired_at = SOON
    reply(writer, authority, SOON, csr=csr())
    assert len(orders(writer)) == 1

"""What comes beside records, on SQLite and on PostgreSQL: blobs, words about health, replies, and what is brought as another kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.centre import AT, Centre, FakeKiosk, check_in, opened
from wire import messages as m
from wire.seals import Sealed, digest


@pytest.fixture
def kiosk() -> FakeKiosk:
    return FakeKiosk()


@pytest.fixture
def centre(store_url: str, tmp_path: Path, kiosk: FakeKiosk) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as centre:
        centre.register(kiosk)
        yield centre


def test_a_blob_is_kept_under_its_digest_and_receipted(centre: Centre, kiosk: FakeKiosk) -> None:
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1"
    sealed = kiosk.key.seal(Sealed.BLOB, centre.keys.boxes[-1].recipient.encrypt(picture).encode())
    [receipt] = centre.take(kiosk.message(sealed, "blobs", digest(sealed)))
    assert (receipt.chain, receipt.blobs) == (kiosk.chain, (digest(sealed),))
    assert [row["sealed"] for row in centre.rows("blobs")] == [sealed]
    assert centre.take(kiosk.message(sealed, "blobs", "0" * 64)) == []
    assert centre.reasons() == ["wrong-digest"]


@pytest.mark.parametrize("channel", ["status", "replies", "blobs"])
def test_a_broker_that_brings_a_good_record_as_something_else_gets_nothing_rejected(
    centre: Centre, kiosk: FakeKiosk, channel: str
) -> None:
    sealed = kiosk.add(check_in())
    assert centre.take(kiosk.message(sealed, channel, digest(sealed) if channel == "blobs" else None)) == []
    assert centre.take(kiosk.message(sealed))[0].rejected == ()
    assert len(centre.rows("records")) == 1


def test_a_broker_that_brings_a_good_blob_as_a_record_gets_nothing_rejected(centre: Centre, kiosk: FakeKiosk) -> None:
    assert centre.take(kiosk.message(kiosk.key.seal(Sealed.BLOB, b"ciphertext"))) == []
    assert centre.reasons() == ["wrong-kind"]


def test_an_older_status_is_ignored_but_a_last_will_is_heard(centre: Centre, kiosk: FakeKiosk) -> None:
    def tell(minute: int, *, online: bool = True, backlog: int = 0) -> tuple[bool, int]:
        status = dataclasses.replace(_status(kiosk, minute), online=online, backlog=backlog)
        centre.take(kiosk.message(kiosk.relay.seal(Sealed.STATUS, m.STATUS.encode(status)), "status"))
        [row] = centre.rows("kiosk_status")
        return row["online"], row["backlog"]

    assert tell(5, backlog=7) == (True, 7)
    assert tell(3, backlog=9) == (True, 7)
    assert tell(4, online=False, backlog=1) == (False, 7)
    assert tell(6, backlog=2) == (True, 2)


def test_a_word_dated_in_the_future_does_not_silence_the_kiosk_for_ever(centre: Centre, kiosk: FakeKiosk) -> None:
    def tell(year: int, minute: int) -> tuple[int, int]:
        status = dataclasses.replace(_status(kiosk, 0), at=datetime(year, 1, 5, 0, minute, tzinfo=UTC), backlog=year)
        message = kiosk.message(kiosk.relay.seal(Sealed.STATUS, m.STATUS.encode(status)), "status")
        centre.take(dataclasses.replace(message, at=AT + timedelta(minutes=minute)))
        [row] = centre.rows("kiosk_status")
        return row["backlog"], (row["received_at"] - AT) // timedelta(minutes=1)

    assert tell(2099, 0) == (2099, 0)
    assert tell(2026, 5) == (2099, 0)
    assert tell(2026, 20) == (2026, 20)
    assert tell(2006, 25) == (2026, 20)
    assert tell(2006, 40) == (2006, 40)


def test_a_word_that_the_broker_retained_is_no_sign_of_life(centre: Centre, kiosk: FakeKiosk) -> None:
    message = kiosk.message(kiosk.relay.seal(Sealed.STATUS, m.STATUS.encode(_status(kiosk, 0))), "status")
    for hours in (0, 5):
        centre.take(dataclasses.replace(message, at=AT + timedelta(hours=hours)))
    assert [row["received_at"] for row in centre.rows("kiosk_status")] == [AT]


def test_a_reply_is_heard(centre: Centre, kiosk: FakeKiosk) -> None:
    reply = m.Reply(kiosk=kiosk.id, id="c-1", at=AT, outcome="done")
    assert centre.take(kiosk.message(kiosk.relay.seal(Sealed.REPLY, m.REPLY.encode(reply)), "replies")) == []
    assert centre.reasons() == []


def _status(kiosk: FakeKiosk, minute: int) -> m.Status:
    at = kiosk.record(check_in(), minute + 1, "").at
    return m.Status(kiosk=kiosk.id, at=at, online=True, version="0.1.0", state="idle", backlog=0, roster_version=1)

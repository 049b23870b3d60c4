"""The lane: batches by size or time, nothing acknowledged before the commit, nothing lost while the database is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from collector.errors import StoreDownError
from collector.ingest import lane as module
from collector.ingest.lane import Delivery, Lane
from collector.ingest.message import Message
from collector.outgoing import Outgoing

AT = datetime(2026, 1, 5, tzinfo=UTC)
LIMIT_S = 10


class Desk:
    """Runs a lane in a thread and writes down, in order, what it did."""

    def __init__(self, size: int = 3, wait_s: float = 0.0, failures: int = 0) -> None:
        self.lane = Lane(size, wait_s)
        self.done: list[str] = []
        self.stop = threading.Event()
        self.published = threading.Semaphore(0)
        self._failures = failures
        self._thread = threading.Thread(target=self.lane.run, args=(self._take, self._publish, self.stop))

    def put(self, name: str) -> bool:
        return self.lane.put(Delivery(Message("t", name.encode(), AT), self._acknowledge(name)))

    def run(self, batches: int) -> list[str]:
        """Until so many batches are through."""
        self._thread.start()
        for _ in range(batches):
            assert self.published.acquire(timeout=LIMIT_S)
        self.end()
        return self.done

    def end(self) -> None:
        self.stop.set()
        self.lane.wake()
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def _acknowledge(self, name: str) -> Callable[[], None]:
        return lambda: self.done.append(f"ack {name}")

    def _take(self, messages: Sequence[Message]) -> list[Outgoing]:
        if self._failures:
            self._failures -= 1
            raise StoreDownError("database: away")
        names = " ".join(message.payload.decode() for message in messages)
        self.done.append(f"commit {names}")
        return [Outgoing("r", names.encode())]

    def _publish(self, receipts: list[Outgoing]) -> None:
        self.done.extend(f"receipt {receipt.payload.decode()}" for receipt in receipts)
        self.published.release()


def test_commit_then_acknowledge_then_receipt() -> None:
    desk = Desk()
    for name in "abcd":
        desk.put(name)
    assert desk.run(2) == [
        "commit a b c", "ack a", "ack b", "ack c", "receipt a b c",
        "commit d", "ack d", "receipt d",
    ]  # fmt: skip


def test_while_the_database_is_away_nothing_is_acknowledged_and_it_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "RETRY_S", (0.001,))
    desk = Desk(failures=5)
    desk.put("a")
    with caplog.at_level(logging.INFO):
        assert desk.run(1) == ["commit a", "ack a", "receipt a"]
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


def test_told_to_stop_while_the_database_is_away_it_ends_without_acknowledging() -> None:
    desk = Desk(failures=10**9)
    desk.put("a")
    desk.start()
    desk.end()
    assert desk.done == []


def test_what_memory_cannot_hold_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    desk = Desk()
    assert desk.put("x" * 8)
    assert not desk.put("yyy")
    assert desk.put("zz")


def test_room_comes_back_with_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    desk = Desk(size=1)
    desk.put("x" * 10)
    desk.start()
    assert desk.published.acquire(timeout=LIMIT_S)
    assert desk.put("y" * 10)
    assert desk.published.acquire(timeout=LIMIT_S)
    desk.end()

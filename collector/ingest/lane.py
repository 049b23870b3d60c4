"""From the link to the intake: messages are gathered, taken in batches, and acknowledged only when they are durable."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition, Event

from collector.errors import StoreDownError
from collector.ingest.message import Message
from collector.outgoing import Outgoing

log = logging.getLogger(__name__)

MOST_BYTES = 64 * 2**20
"""Waiting messages beyond this are let go without a receipt: the kiosk sends again, the centre's memory is finite."""
RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message, and how to tell the broker that it needs not be delivered again."""

    message: Message
    acknowledge: Callable[[], None]


class Lane:
    """One queue, one consumer. `size`: most messages in one commit; `wait_s`: a batch not full waits so long."""

    def __init__(self, size: int, wait_s: float) -> None:
        self._size = size
        self._wait_s = wait_s
        self._waiting: list[Delivery] = []
        self._bytes = 0
        self._changed = Condition()

    def put(self, delivery: Delivery) -> bool:
        """Queue a delivery; False when there is no room and it was let go."""
        length = len(delivery.message.payload)
        with self._changed:
            if self._bytes + length > MOST_BYTES:
                return False
            self._bytes += length
            self._waiting.append(delivery)
            if len(self._waiting) in (1, self._size):
                self._changed.notify()
            return True

    def run(
        self,
        take: Callable[[Sequence[Message]], list[Outgoing]],
        publish: Callable[[list[Outgoing]], object],
        stop: Event,
    ) -> None:
        """Take batches until `stop` is set. `take` commits or raises; then acknowledge, then publish the receipts."""
        while not stop.is_set():
            batch = self._gather(stop)
            if not batch:
                continue
            receipts = self._taken(batch, take, stop)
            if receipts is None:
                return
            for delivery in batch:
                delivery.acknowledge()
            publish(receipts)

    def wake(self) -> None:
        """Let `run` look at `stop` now."""
        with self._changed:
            self._changed.notify_all()

    def _gather(self, stop: Event) -> list[Delivery]:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or stop.is_set(), timeout=1.0)
            if self._waiting and len(self._waiting) < self._size:
                self._changed.wait_for(lambda: len(self._waiting) >= self._size or stop.is_set(), self._wait_s)
            batch, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
            self._bytes -= sum(len(delivery.message.payload) for delivery in batch)
            return batch

    def _taken(
        self, batch: list[Delivery], take: Callable[[Sequence[Message]], list[Outgoing]], stop: Event
    ) -> list[Outgoing] | None:
        """The receipts; None when told to stop while the database was away."""
        messages = [delivery.message for delivery in batch]
        down_since: float | None = None
        attempt = 0
        while True:
            try:
                receipts = take(messages)
            except StoreDownError as error:
                if down_since is None:
                    down_since = time.monotonic()
                    log.error("%s; nothing is acknowledged until it is back", error)  # noqa: TRY400 - known, once
                if stop.wait(RETRY_S[min(attempt, len(RETRY_S) - 1)]):
                    return None
                attempt += 1
                continue
            if down_since is not None:
                log.warning("database back after %.0f s", time.monotonic() - down_since)
            return receipts

"""Any order, any number of deliveries, any cut into batches: the same tables and, at the end, the same receipts."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.ingest.message import Message
from collector.store.tables import metadata
from tests.centre import Centre, FakeKiosk, check_in, heartbeat, opened
from wire.messages import Receipt

SENT = ("records", "chains", "incidents", "set_aside", "discarded", "blobs", "kiosk_status", "kiosk_keys", "kiosks")
HIDDEN = {"id", "times"}


class Story:
    """What two kiosks sealed: a second chain, a broken link, a breach of the contract, a forgery, garbage."""

    def __init__(self) -> None:
        self.one, self.two = FakeKiosk("kiosk-1"), FakeKiosk("kiosk-2")
        self.one.day(7)
        self.one.add(check_in(), prev="cd" * 32)
        self.one.add_raw(b'{"chain": "%s", "seq": 9}' % self.one.chain.encode())
        self.one.add(heartbeat())
        after = self.one.next_chain()
        after.day(4)
        self.two.day(5)
        forger = FakeKiosk("kiosk-2", 1)
        self.messages: list[Message] = [
            *map(self.one.message, self.one.sealed),
            *map(after.message, after.sealed),
            *map(self.two.message, self.two.sealed),
            self.two.message(b"garbage"),
            self.two.message(forger.seal(self.two.record(check_in(), 2, "0" * 64))),
            self.two.message(self.two.sealed[0][:-3] + "AAA"),
            self.one.message(self.two.sealed[1]),
        ]

    def told(self, centre: Centre) -> tuple[list[Receipt], dict[str, list[str]]]:
        """The receipts of everything sent once more, and every table, without counts of deliveries."""
        # Twice, as a relay does until the receipt comes: the first may bring a key that the others waited for.
        centre.take(*self.messages)
        receipts = centre.take(*self.messages)
        tables = {
            name: sorted(str({k: v for k, v in row.items() if k not in HIDDEN}) for row in centre.rows(name))
            for name in SENT
        }
        return receipts, tables


STORY = Story()


def _play(centre: Centre, deliveries: list[int], cuts: random.Random) -> Any:
    if not centre.rows("kiosks"):
        centre.register(STORY.one, STORY.two)
    start = 0
    while start < len(deliveries):
        end = start + cuts.randint(1, 8)
        centre.take(*(STORY.messages[number] for number in deliveries[start:end]))
        start = end
    return STORY.told(centre)


@pytest.fixture(scope="module")
def expected() -> Any:
    with tempfile.TemporaryDirectory() as folder, opened("sqlite://", Path(folder)) as centre:
        receipts, tables = _play(centre, list(range(len(STORY.messages))), random.Random(1))
        assert len(tables["records"]) == 9 + 5 + 5
        assert sorted(receipt.upto for receipt in receipts) == [5, 5, 10]
        yield receipts, tables


numbers = st.integers(0, len(STORY.messages) - 1)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.permutations(range(len(STORY.messages))), st.lists(numbers, max_size=20), st.randoms(use_true_random=False))
def test_the_same_tables_and_receipts_on_sqlite(
    expected: Any, order: list[int], again: list[int], cuts: random.Random
) -> None:
    deliveries = [*order, *again]
    cuts.shuffle(deliveries)
    with tempfile.TemporaryDirectory() as folder, opened("sqlite://", Path(folder)) as centre:
        assert _play(centre, deliveries, cuts) == expected


def test_the_same_tables_and_receipts_on_postgresql(expected: Any, postgres_url: str, tmp_path: Path) -> None:
    with opened(postgres_url, tmp_path) as centre:
        for seed in range(8):
            dice = random.Random(seed)
            deliveries = [dice.randrange(len(STORY.messages)) for _ in range(40)]
            assert _play(centre, deliveries, dice) == expected
            with centre.writer.transaction() as connection:
                for table in reversed(metadata.sorted_tables):
                    connection.execute(sa.delete(table))

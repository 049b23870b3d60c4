"""The window: every record is sent until a receipt covers it, never too many at a time, whatever happens between."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.relay.backoff import CAP_S, FIRST_S, Backoff
from kiosk.relay.window import RESEND_CAP_S, Window

RESEND_S = 20.0


@dataclass
class Line:
    """A chain as the ledger has it."""

    chain: str
    last: int = 0


@dataclass
class Bench:
    """A window between a ledger and a centre, with a clock that tests turn."""

    limit: int
    lines: list[Line] = field(default_factory=lambda: [Line("a")])
    now: float = 0.0
    sent: list[tuple[str, int, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.window = Window(self.limit, RESEND_S, random.Random(7))
        self.arrived: dict[str, set[int]] = {}
        self.refused: set[tuple[str, int]] = set()

    def send(self) -> list[tuple[str, int]]:
        """One turn of the relay's loop; gives what was published."""
        out = []
        for ask in self.window.due(self.lines, self.now):
            line = next(line for line in self.lines if line.chain == ask.chain)
            for seq in range(ask.after + 1, min(line.last, ask.after + ask.limit) + 1):
                if self.window.wants(ask, seq):
                    self.window.sent(ask, seq, f"{ask.chain}{seq}", self.now)
                    out.append((ask.chain, seq))
                    self.sent.append((ask.chain, seq, ask.live))
        assert self.window.on_the_way <= self.limit
        return out

    def deliver(self, published: list[tuple[str, int]]) -> None:
        """The centre takes these, and refuses those it must."""
        for chain, seq in published:
            if (chain, seq) in self.refused:
                self.window.reject(f"{chain}{seq}")
            else:
                self.arrived.setdefault(chain, set()).add(seq)

    def upto(self, chain: str) -> int:
        here, number = self.arrived.get(chain, set()), 0
        while number + 1 in here:
            number += 1
        return number

    def receipts(self) -> None:
        for line in self.lines:
            self.window.receipt(line.chain, self.upto(line.chain))


ACTIONS = st.one_of(
    st.tuples(st.just("append"), st.integers(0, 15)),
    st.tuples(st.just("new-chain"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(0, 60)),
    st.tuples(st.just("deliver"), st.integers(0, 100)),
    st.tuples(st.just("receipts"), st.just(0)),
    st.tuples(st.just("old-receipt"), st.integers(0, 50)),
    st.tuples(st.just("reconnect"), st.just(0)),
    st.tuples(st.just("centre-forgets"), st.integers(0, 50)),
    st.tuples(st.just("refuse"), st.integers(1, 50)),
)


def _play(bench: Bench, actions: list[tuple[str, int]]) -> None:  # noqa: C901 - one arm an action
    luck = random.Random(1)
    for what, number in actions:
        newest = bench.lines[-1]
        match what:
            case "append":
                newest.last += number
            case "new-chain":
                bench.lines.append(Line(f"{newest.chain}a", 1))
            case "wait":
                bench.now += number
            case "deliver":
                bench.deliver([one for one in bench.send() if luck.random() * 100 < number])
            case "receipts":
                bench.receipts()
            case "old-receipt":
                bench.window.receipt(newest.chain, min(number, newest.last))
            case "reconnect":
                bench.window.connected()
            case "centre-forgets":
                bench.arrived[newest.chain] = {seq for seq in bench.arrived.get(newest.chain, ()) if seq <= number}
            case "refuse":
                bench.refused.add((newest.chain, number))
        bench.send()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.lists(ACTIONS, max_size=12))
def test_every_record_arrives_once_the_line_is_good_whatever_happened_before(
    limit: int, actions: list[tuple[str, int]]
) -> None:
    bench = Bench(limit)
    _play(bench, actions)
    bench.refused.clear()
    bench.window.connected()
    bench.receipts()
    for _ in range(2 + sum(line.last for line in bench.lines)):
        bench.deliver(bench.send())
        bench.receipts()
    for line in bench.lines:
        assert bench.upto(line.chain) == line.last
    assert bench.window.on_the_way == 0
    assert bench.send() == []


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.lists(ACTIONS, max_size=12))
def test_without_a_reconnect_losses_are_made_good_by_waiting(limit: int, actions: list[tuple[str, int]]) -> None:
    bench = Bench(limit)
    _play(bench, [action for action in actions if action[0] != "refuse"])
    for _ in range(4 + 2 * sum(line.last for line in bench.lines)):
        bench.receipts()
        bench.deliver(bench.send())
        bench.now += RESEND_CAP_S * 1.3
    assert all(bench.upto(line.chain) == line.last for line in bench.lines)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(1, 30), st.sets(st.integers(1, 30), max_size=6))
def test_refused_records_hold_nothing_up(limit: int, last: int, refused: set[int]) -> None:
    bench = Bench(limit, [Line("a", last)])
    bench.refused = {("a", seq) for seq in refused}
    for _ in range(3 * last + 10):
        bench.deliver(bench.send())
        bench.receipts()
        bench.now += RESEND_CAP_S * 1.3
    assert bench.arrived.get("a", set()) == set(range(1, last + 1)) - refused
    assert all(bench.sent.count(("a", seq, False)) <= 1 for seq in refused)


def test_nothing_is_forgotten_without_a_receipt() -> None:
    bench = Bench(4, [Line("a", 3)])
    first = bench.send()
    assert first == [("a", 1), ("a", 2), ("a", 3)]
    assert bench.send() == []
    bench.now = RESEND_S * 1.3
    assert bench.send() == first


def test_a_fruitless_wait_grows_up_to_its_cap_and_a_receipt_resets_it() -> None:
    bench = Bench(4, [Line("a", 2)])
    moments = []
    while len(moments) < 12:
        if bench.send():
            moments.append(bench.now)
        bench.now += 1.0
    waits = [after - before for before, after in pairwise(moments)]
    assert RESEND_S * 0.8 <= waits[0] <= RESEND_S * 1.2 + 1
    assert waits[1] > waits[0]
    assert RESEND_CAP_S * 0.8 <= max(waits) <= RESEND_CAP_S * 1.2 + 1
    bench.window.receipt("a", 1)
    before = bench.now
    while not bench.send():
        bench.now += 1.0
    assert bench.now - before <= RESEND_S * 1.2 + 2


def test_a_restored_centre_gets_the_rest_again_at_once() -> None:
    bench = Bench(10, [Line("a", 6)])
    bench.deliver(bench.send())
    bench.receipts()
    bench.window.receipt("a", 2)
    assert bench.send() == [("a", 3), ("a", 4), ("a", 5), ("a", 6)]


def test_a_new_connection_gets_what_was_on_the_way_at_once() -> None:
    bench = Bench(10, [Line("a", 3)])
    first = bench.send()
    bench.window.connected()
    assert bench.send() == first


def test_live_records_pass_a_backlog_and_are_receipted_in_their_turn() -> None:
    bench = Bench(40, [Line("a", 3000)])
    published = bench.send()
    assert published == [("a", seq) for seq in range(1, 31)]
    bench.lines[0].last += 2
    assert bench.send() == [("a", 3001), ("a", 3002)]
    assert bench.send() == []
    while bench.upto("a") < 3002:
        bench.deliver(published)
        bench.receipts()
        published = bench.send()
    assert bench.window.on_the_way == 0


def test_live_records_never_take_more_than_their_share() -> None:
    bench = Bench(40, [Line("a", 1000)])
    bench.send()
    bench.lines[0].last += 100
    assert len(bench.send()) == 10
    bench.now += RESEND_S
    assert [one for one in bench.send() if one[1] > 1000] == [("a", seq) for seq in range(1011, 1021)]


def test_a_chain_that_gets_no_receipts_leaves_the_newest_its_share() -> None:
    bench = Bench(40, [Line("a", 500), Line("b", 500)])
    assert {chain for chain, _ in bench.send()} == {"a", "b"}


@given(st.integers(0, 2**32))
def test_waits_between_connections_start_fast_grow_and_are_drawn_at_random(seed: int) -> None:
    backoff = Backoff(random.Random(seed))
    waits = [backoff.wait_s() for _ in range(20)]
    assert 0 < waits[0] <= FIRST_S
    assert all(wait <= CAP_S for wait in waits)
    assert max(waits) > FIRST_S
    backoff.succeed()
    assert backoff.wait_s() <= FIRST_S

"""Which records to send now: pure judgement; no clock, no network, no database of its own.

A record is on the way from its sending until a receipt covers it; the broker's PUBACKs count for nothing. Oldest first,
so that the centre can call a kiosk complete as early as possible. While a backlog longer than the window drains, a
quarter of the window is kept for records newer than the connection, sent at once: the centre takes them out of order,
and whoever stands before the kiosk sees "received" now and not after the backlog.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

RESEND_CAP_S = 600.0
"""A window without any progress is sent again at least so often."""

GROWTH = 2.0
"""Each fruitless round makes the next wait so much longer."""

JITTER = 0.2
"""Share by which a wait is shortened or lengthened at random: a thousand kiosks must not keep step."""


class Chain(Protocol):
    """What the window needs to know of a chain."""

    @property
    def chain(self) -> str:
        """Thumbprint of its key."""

    @property
    def last(self) -> int:
        """Number of its last record."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Send up to `limit` records of a chain with numbers above `after`; `live`: ahead of the backlog."""

    chain: str
    after: int
    limit: int
    live: bool = False


@dataclass(frozen=True, slots=True)
class _Sent:
    digest: str
    at: float
    live: bool


@dataclass(slots=True)
class _Lane:
    """One chain. `cursor`: highest number sent in this round; `live`: highest one sent ahead, None before any look."""

    upto: int = 0
    cursor: int = 0
    live: int | None = None
    flying: dict[int, _Sent] = field(default_factory=dict)
    rejected: set[int] = field(default_factory=set)

    def count(self, *, live: bool) -> int:
        return sum(sent.live == live for sent in self.flying.values())

    def land(self, before: float) -> None:
        """Records sent ahead so long ago give their places back: the backlog will come by them."""
        self.flying = {seq: sent for seq, sent in self.flying.items() if not sent.live or sent.at > before}

    def again(self) -> None:
        """Begin a new round behind the last receipt."""
        self.cursor = self.upto
        self.flying.clear()

    def go_on(self, last: int) -> bool:
        """Nothing came back for this round's window. Past a record that the centre refuses, `upto` cannot tell what
        arrived: then the rest of the chain gets its turn before a new round. Gives whether a new round began."""
        blocked = self.upto + 1 in self.rejected and bool(self.flying)
        if blocked and self.cursor < last:
            self.flying.clear()
            return False
        self.again()
        return True


class Window:
    """At most `limit` records on the way at a time. Times are seconds of one monotonic clock."""

    def __init__(self, limit: int, resend_s: float, luck: random.Random) -> None:
        self._limit = limit
        self._reserve = limit // 4
        self._resend_s = resend_s
        self._luck = luck
        self._lanes: dict[str, _Lane] = {}
        self._patience_s = resend_s
        self._deadline: float | None = None

    @property
    def on_the_way(self) -> int:
        """Records sent and neither receipted nor rejected."""
        return sum(len(lane.flying) for lane in self._lanes.values())

    @property
    def idle(self) -> bool:
        """Whether so few records are on the way that something of less weight may go between."""
        return self.on_the_way <= self._limit // 8

    def connected(self) -> None:
        """A new connection: what was on the way may be lost, what was rejected may be welcome now."""
        self._progress()
        for lane in self._lanes.values():
            lane.again()
            lane.live = None
            lane.rejected.clear()

    def receipt(self, chain: str, upto: int) -> None:
        """The centre has all records of `chain` up to `upto`; fewer than before when it was restored from a backup."""
        lane = self._lanes.setdefault(chain, _Lane())
        if upto == lane.upto:
            return
        fewer = upto < lane.upto
        lane.upto = upto
        if fewer:
            lane.again()
        lane.cursor = max(lane.cursor, upto)
        lane.flying = {seq: sent for seq, sent in lane.flying.items() if seq > upto}
        lane.rejected = {seq for seq in lane.rejected if seq > upto}
        self._progress()

    def reject(self, digest: str) -> tuple[str, int] | None:
        """The centre set a record aside: it holds no place any more. Gives its identity, None for an unknown one."""
        for chain, lane in self._lanes.items():
            for seq, sent in lane.flying.items():
                if sent.digest == digest:
                    del lane.flying[seq]
                    lane.rejected.add(seq)
                    return chain, seq
        return None

    def due(self, chains: Iterable[Chain], now: float) -> list[Ask]:
        """What to send now, of chains given oldest first; `sent` must be told what was."""
        known = [(chain, self._lanes.setdefault(chain.chain, _Lane())) for chain in chains]
        self._end_fruitless_round(known, now)
        asks = self._backlog(known)
        if known:
            asks += self._live(*known[-1], now, asks)
        return asks

    def wants(self, ask: Ask, seq: int) -> bool:
        """Whether to send this record of `ask`: not when the centre refused it on this connection."""
        lane = self._lanes[ask.chain]
        if seq not in lane.rejected:
            return True
        self._reach(lane, ask, seq)
        return False

    def sent(self, ask: Ask, seq: int, digest: str, now: float) -> None:
        """A record of `ask` was handed to the connection."""
        lane = self._lanes[ask.chain]
        lane.flying[seq] = _Sent(digest, now, ask.live)
        self._reach(lane, ask, seq)

    def nothing_left(self, ask: Ask) -> None:
        """The ledger holds no such records any more: they were trimmed, long after their receipt."""
        self._reach(self._lanes[ask.chain], ask, ask.after + ask.limit)

    def _backlog(self, known: list[tuple[Chain, _Lane]]) -> list[Ask]:
        """Records behind each cursor; a chain that gets no receipts leaves the others their share."""
        pending = [(chain, lane) for chain, lane in known if lane.cursor < chain.last]
        asks: list[Ask] = []
        free = self._limit - self._reserve - sum(lane.count(live=False) for _, lane in known)
        for place, (chain, lane) in enumerate(pending):
            share = -(-free // (len(pending) - place))
            take = min(share, chain.last - lane.cursor)
            if take > 0:
                asks.append(Ask(chain.chain, lane.cursor, take))
                free -= take
        return asks

    def _live(self, chain: Chain, lane: _Lane, now: float, asks: list[Ask]) -> list[Ask]:
        """Records of the newest chain that came after the connection and that the backlog will not reach now."""
        for one in self._lanes.values():
            one.land(now - self._resend_s)
        reached = max((ask.after + ask.limit for ask in asks if ask.chain == chain.chain), default=lane.cursor)
        lane.live = max(chain.last if lane.live is None else lane.live, reached)
        free = min(self._reserve - sum(one.count(live=True) for one in self._lanes.values()), chain.last - lane.live)
        return [Ask(chain.chain, lane.live, free, live=True)] if free > 0 else []

    def _end_fruitless_round(self, known: list[tuple[Chain, _Lane]], now: float) -> None:
        if not self.on_the_way:
            self._deadline = None
        elif self._deadline is None:
            self._deadline = now + self._patience_s * self._luck.uniform(1 - JITTER, 1 + JITTER)
        if self._deadline is None or now < self._deadline:
            return
        self._deadline = None
        if any([lane.go_on(chain.last) for chain, lane in known]):  # noqa: C419 - every lane must hear it
            self._patience_s = min(self._patience_s * GROWTH, max(RESEND_CAP_S, self._resend_s))

    @staticmethod
    def _reach(lane: _Lane, ask: Ask, seq: int) -> None:
        if ask.live:
            lane.live = seq
        else:
            lane.cursor = seq

    def _progress(self) -> None:
        self._patience_s = self._resend_s
        self._deadline = None

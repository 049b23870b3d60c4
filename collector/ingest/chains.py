"""How far a chain is whole. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

Arrival: TypeAlias = tuple[int, datetime | None]
"""A number that arrived, and the `at` of the heartbeat under it, if it is one."""


@dataclass(frozen=True, slots=True)
class ChainState:
    """A kiosk's chain as the table `chains` has it."""

    kiosk: str
    chain: str
    first_at: datetime
    upto: int = 0
    seen: int = 0
    complete_at: datetime | None = None
    previous: str | None = None
    previous_upto: int | None = None


def advanced(
    state: ChainState, arrivals: Mapping[int, datetime | None], stored: Callable[[int], Iterator[Arrival]]
) -> ChainState:
    """The chain after `arrivals`: numbers that came with this batch.

    `stored(n)`: what earlier batches brought from number n on, ascending; asked only where a gap has been filled and
    read only as far as the next gap, so that every number is walked over once in its life.
    """
    upto, complete = state.upto, state.complete_at
    moved = True
    while moved:
        start = upto
        while upto + 1 in arrivals:
            upto += 1
            complete = arrivals[upto] or complete
        if upto == start or upto >= state.seen:
            break
        before = upto
        for seq, heartbeat in stored(upto + 1):
            if seq != upto + 1:
                break
            upto, complete = seq, heartbeat or complete
        moved = upto > before
    return replace(state, upto=upto, seen=max(state.seen, *arrivals), complete_at=complete)

"""How far a kiosk's records are complete. Pure.

A kiosk is complete up to T when everything up to a heartbeat of time T has arrived without a gap. Until then nobody
is called late or absent: what is missing may be their record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.reports.day import Day

HEARTBEAT = timedelta(hours=1)
BEHIND = HEARTBEAT + timedelta(minutes=15)
"""A kiosk proves that it is complete once an hour; a quarter more and it is behind."""


@dataclass(frozen=True, slots=True)
class ChainMark:
    """One chain of a kiosk, as the centre has it; the words are those of `collector.store.records.Chain`."""

    chain: str
    upto: int
    seen: int
    complete_at: datetime | None
    previous: str | None
    previous_upto: int | None
    first_at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a chain that have not arrived, both included."""

    chain: str
    first: int
    last: int


def watermark(chains: Sequence[ChainMark]) -> datetime | None:
    """The moment up to which a kiosk is complete over all its chains, or None when there is none.

    An earlier chain with something missing holds the kiosk back; a new one without a heartbeat leaves it where it was.
    """
    last = {chain.previous: chain.previous_upto or 0 for chain in chains if chain.previous}
    complete: datetime | None = None
    for chain in sorted(chains, key=lambda one: one.first_at):
        complete = chain.complete_at or complete
        if chain.upto < max(last.get(chain.chain, 0), chain.seen):
            break
    return complete


def tail_gaps(chains: Sequence[ChainMark]) -> list[Gap]:
    """What a chain's successor says existed beyond the highest number that ever came."""
    seen = {chain.chain: chain.seen for chain in chains}
    return [
        Gap(chain.previous, seen.get(chain.previous, 0) + 1, chain.previous_upto)
        for chain in chains
        if chain.previous and chain.previous_upto and chain.previous_upto > seen.get(chain.previous, 0)
    ]


def is_behind(complete_at: datetime | None, day: Day, now: datetime) -> bool:
    """Whether records of `day` may still be missing, as far as anybody could know by `now`."""
    return complete_at is None or complete_at < min(now - BEHIND, day.end)

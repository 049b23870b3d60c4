"""What the ledger gives and is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that is on disk: its identity, the SHA-256 of its sealed text, and the moment it carries."""

    chain: str
    seq: int
    digest: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.chain}/{self.seq}"


@dataclass(frozen=True, slots=True)
class Stored:
    """A sealed record of a chain, as the relay reads it."""

    chain: str
    seq: int
    sealed: str


@dataclass(frozen=True, slots=True)
class ChainSpan:
    """A chain in the ledger: number of its key, and its last record (0: none yet). Records up to `kept` are trimmed."""

    number: int
    chain: str
    kept: int
    last: int


@dataclass(frozen=True, slots=True)
class Receipted:
    """What the centre has of a chain: all records up to `upto`.

    `ahead`: 0, or the higher number the centre receipted although this ledger's chain ends before it. The ledger was
    then restored from an old image, or the disk lied, and its chain must not go on.
    """

    upto: int
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that the centre set aside: its identity, the SHA-256 of its sealed text, and the centre's word for why."""

    chain: str
    seq: int
    digest: str
    reason: str

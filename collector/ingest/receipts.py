"""What a kiosk is told after the commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from collector.keys import CentreKeys
from collector.outgoing import Outgoing
from wire.messages import RECEIPT, Receipt, Rejected
from wire.seals import Sealed
from wire.topics import Address

MOST = 1000
"""Digests of each kind in one receipt, so that it stays far below the largest message."""


@dataclass(frozen=True, slots=True)
class ChainNews:
    """Where a chain stands after a commit, and what that commit brought beside records."""

    kiosk: str
    chain: str
    upto: int
    blobs: Sequence[str]
    rejected: Sequence[Rejected]


def receipts(news: Iterable[ChainNews], keys: CentreKeys, at: datetime) -> list[Outgoing]:
    """Sealed receipts, at least one a chain."""
    return [
        Outgoing(Address(receipt.kiosk, "receipts").topic, keys.seal(Sealed.RECEIPT, RECEIPT.encode(receipt)).encode())
        for one in news
        for receipt in _receipts(one, at)
    ]


def _receipts(news: ChainNews, at: datetime) -> Iterator[Receipt]:
    for start in range(0, max(len(news.rejected), len(news.blobs), 1), MOST):
        yield Receipt(
            kiosk=news.kiosk,
            at=at,
            chain=news.chain,
            upto=news.upto,
            blobs=tuple(news.blobs[start : start + MOST]),
            rejected=tuple(news.rejected[start : start + MOST]),
        )

"""Whether a chain of sealed records is whole: anybody with the public keys can check it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wire.errors import WireError
from wire.records import GENESIS, AnyRecord, decode_record
from wire.seals import PublicKey, Sealed, digest


@dataclass(frozen=True, slots=True)
class Head:
    """The last record of a chain, or of its part that was checked: `seq` 0 and GENESIS before the first."""

    chain: str
    seq: int = 0
    digest: str = GENESIS


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first record that does not follow: the number it should have had, and why."""

    seq: int
    reason: str


def verify_chain(sealed: Iterable[str], key: PublicKey, kiosk: str, after: Head) -> tuple[Head, BrokenLink | None]:
    """Check sealed records in order, the first of which must follow `after`. `key` is the chain's.

    Gives the last good head, and the first broken link or None.
    """
    head = after
    for text in sealed:
        try:
            record = decode_record(key.verify(text, Sealed.RECORD))
        except WireError as error:
            return head, BrokenLink(head.seq + 1, str(error))
        reason = _misfit(record, kiosk, head)
        if reason:
            return head, BrokenLink(head.seq + 1, reason)
        head = Head(head.chain, record.seq, digest(text))
    return head, None


def _misfit(record: AnyRecord, kiosk: str, head: Head) -> str | None:
    if record.kiosk != kiosk:
        return f"is of kiosk {record.kiosk}, not {kiosk}"
    if record.chain != head.chain:
        return f"is of chain {record.chain}, not {head.chain}"
    if record.seq != head.seq + 1:
        return f"has number {record.seq}"
    if record.prev != head.digest:
        return "does not name the record before it"
    return None

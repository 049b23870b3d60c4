"""How entries of the audit log hang together. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

GENESIS = "0" * 64
"""What the first entry names as the one before it."""

Detail: TypeAlias = Mapping[str, str | int | float | bool | list[str] | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `at` with a zone; `detail`: JSON text; `digest`, `prev`: 64 hexadecimal digits."""

    seq: int
    at: datetime
    who: str
    action: str
    subject: str
    detail: str
    prev: str
    digest: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log: how many entries, and the digest of the last (GENESIS of none)."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first link that does not hold, and why."""

    seq: int
    why: str


def written(detail: Detail) -> str:
    """A detail as its JSON text, keys in order."""
    return json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def seal(seq: int, at: datetime, words: tuple[str, str, str, str], prev: str) -> str:
    """Digest of an entry. `words`: who, action, subject, detail. A JSON array, so that no text can reach over its end."""
    row = [seq, at.astimezone(UTC).isoformat(timespec="microseconds"), *words, prev]
    return hashlib.sha256(json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def first_broken(entries: Iterable[Entry], after: Head = Head(0, GENESIS)) -> Head | Broken:
    """Follow entries in order of `seq` on from `after`; the head reached, or the first link that does not hold."""
    for entry in entries:
        if entry.seq != after.seq + 1:
            return Broken(after.seq + 1, f"entry {after.seq + 1} is missing, the next one is {entry.seq}")
        if entry.prev != after.digest:
            return Broken(entry.seq, f"entry {entry.seq} does not name the entry before it as it is")
        words = (entry.who, entry.action, entry.subject, entry.detail)
        if seal(entry.seq, entry.at, words, entry.prev) != entry.digest:
            return Broken(entry.seq, f"entry {entry.seq} was changed after it was written")
        after = Head(entry.seq, entry.digest)
    return after

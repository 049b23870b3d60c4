"""What the centre knew when an appeal was filed: frozen, so that both sides and the inspectorate read the same for ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from collector.rules.day import DayResult
from collector.rules.evidence import Basis, Cause, Method
from wire.codec import Codec


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLook:
    """A look of the person. `source`, `error_ms`: what the kiosk's clock said of itself; `earliest` to `latest`: where it truly
    lies. Cosines and `frames` of a face, else None; `liveness` 0..1."""

    record: str
    kiosk: str
    unit: str
    at: datetime
    earliest: datetime
    latest: datetime
    basis: Basis
    method: Method
    source: str = ""
    error_ms: int | None = None
    received_at: datetime | None = None
    model: str = ""
    score: float | None = None
    runner_up: float | None = None
    frames: int | None = None
    liveness: float | None = None
    roster_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOutage:
    """When a kiosk could not serve the person, and why; None: since ever, or it lasts."""

    since: datetime | None
    until: datetime | None
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKiosk:
    """A kiosk that the person could have used. `complete_until`: its watermark; `others`: how many other people it recorded
    in the time looked at; `rostered_at`, `roster_version`, `reached_at`: since when it was to know the person, and did."""

    kiosk: str
    unit: str
    at_place: bool
    finished: bool
    complete_until: datetime | None
    outages: tuple[KnownOutage, ...] = ()
    others: int = 0
    rostered_at: datetime | None = None
    roster_version: int | None = None
    reached_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTry:
    """Something a kiosk told about that time: an event by its word, or what a heartbeat counted since the one before
    (`count` faces that were not recognised, told to see the officer, …)."""

    record: str
    kiosk: str
    at: datetime
    word: str
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownViolation:
    """A violation as it stood."""

    key: str
    kind: str
    at: datetime
    status: str
    evidence: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All of it. `since`, `until`: the time looked at for tries and others; `enrolled`: since when the face can be known;
    `closed`: the month was paid already."""

    taken_at: datetime
    since: datetime
    until: datetime
    result: DayResult | None
    closed: bool
    looks: tuple[KnownLook, ...] = ()
    kiosks: tuple[KnownKiosk, ...] = ()
    tries: tuple[KnownTry, ...] = ()
    enrolled: datetime | None = None
    violation: KnownViolation | None = None


KNOWN: Codec[Known] = Codec("what was known", Known)


def frozen(known: Known) -> tuple[bytes, str]:
    """The document and its SHA-256."""
    document = KNOWN.encode(known)
    return document, hashlib.sha256(document).hexdigest()


def intact(document: bytes, digest: str) -> bool:
    """Whether the document is the one that was attached."""
    return hashlib.sha256(document).hexdigest() == digest

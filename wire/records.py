"""The record: all that a kiosk tells the centre and that must not be lost, whatever its kind, in one chain.

A record says who and when. It never says "in" or "out": the centre derives that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Generic, Literal, TypeAlias, TypeVar

from pydantic import Field, JsonValue

from wire.codec import Codec
from wire.errors import ContractError
from wire.types import ChainId, Cosine, Count, Digest, Instant, KioskId, Name, PersonId, Seq, Share, Word

_DIGEST = re.compile(r"[0-9a-f]{64}")

GENESIS = "0" * 64
"""`prev` of the first record of a chain."""

MAX_SEALED_BYTES = 16_384
"""Longest sealed record that is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How the kiosk knew the time of a record.

    `error_ms`: largest error in milliseconds that the source vouches for; null when nobody vouches.
    `boot`: the kernel's boot id; `monotonic_ns`: nanoseconds since that boot, never stepping. Two records of the
    same boot are apart by the difference of their `monotonic_ns`, whatever their `at` says.
    """

    source: Literal["ntp", "rtc", "none"]
    error_ms: Count | None
    boot: Annotated[str, Field(min_length=1, max_length=64)]
    monotonic_ns: Annotated[int, Field(ge=0, le=2**63 - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchScore:
    """Evidence of an identity: cosine to the person, cosine to the next one (null when nobody else is enrolled),
    and the number of frames that agreed."""

    model: Word
    score: Cosine
    runner_up: Cosine | None
    frames: Annotated[int, Field(ge=1, le=1000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """Result of the presentation-attack check: `method` none when nothing was checked; score 0..1, 1 = live."""

    method: Word
    score: Share | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the kiosk hangs: unit code, WGS 84 degrees where known, digest of the surroundings it saw."""

    unit: Annotated[str, Field(min_length=1, max_length=64)]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None
    anchor: Digest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """Somebody was here. `match` is null unless `method` is face; `evidence` names a blob or is null.

    `carried`: identity of the record of an earlier chain that this one repeats, as "chain/seq", or null.
    """

    KIND: ClassVar[str] = "check-in"
    person: PersonId
    method: Literal["face", "pin", "manual"]
    match: MatchScore | None
    liveness: Liveness
    roster_version: Count
    place: Place
    evidence: Digest | None
    carried: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}/[0-9]{1,16}$")] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """The kiosk lives: at start, every hour, at day's end. Makes "complete up to T" provable.

    `in_service`: whether a person standing there now could check in. `counts`: since the last heartbeat, by word.
    """

    KIND: ClassVar[str] = "heartbeat"
    cause: Literal["start", "hour", "day-end"]
    in_service: bool
    version: Annotated[str, Field(min_length=1, max_length=40)]
    counts: dict[Word, Count]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStart:
    """The first record of a chain that follows another one.

    `public_key`: the new chain's Ed25519 key, base64url. `previous`: the chain before it and its last known number.
    `endorsement`: the new key's thumbprint sealed by the old key (type `endorsement`), or null when the old key is lost.
    """

    public_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    previous: ChainId | None
    previous_upto: Count
    endorsement: Annotated[str, Field(max_length=1000)] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened to the kiosk or before it: camera-lost, camera-back, out-of-service, in-service,
    clock-learnt, clock-stepped, place-changed, spoof, covered-face, look-alike, pin-failed, chain-started. Receivers accept
    other words. `detail` may carry `person`, whom the event is about, and `evidence`, the digest of a blob, whatever the word.

    `clock-learnt` carries in `detail` `offset_ms`: true time minus the time the kiosk had believed, this boot.
    `look-alike` carries `person` and the cosines `score` and `runner_up`: whom the face was likest to when two were too alike.
    `pin-failed` carries `reason` (wrong, unknown, expired), `person` where the number is somebody's, `in_row`: how often by now,
    and `locked_s`: how long that number must wait. Never the number, never the PIN.
    """

    KIND: ClassVar[str] = "event"
    event: Word
    detail: dict[Word, JsonValue]
    chain_start: ChainStart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A face was enrolled at the kiosk: digests of the chips' blobs and facts of the consent. No picture, no template."""

    KIND: ClassVar[str] = "enrolment"
    person: PersonId
    chips: Annotated[tuple[Digest, ...], Field(min_length=1, max_length=20)]
    officer: PersonId
    basis: Name
    informed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A record of a kind that this version does not know: kept and chained, not judged."""

    KIND: ClassVar[str] = "other"


Body: TypeAlias = CheckIn | Heartbeat | Event | Enrolment | Other
B_co = TypeVar("B_co", bound=Body, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Generic[B_co]):
    """One link of a kiosk's chain. Identity: `(kiosk, chain, seq)`. `prev`: SHA-256 of the sealed text before it.

    `at` is what the kiosk's clock said; `clock` says how much to believe it. Order is `seq`, never `at`.
    """

    kiosk: KioskId
    chain: ChainId
    seq: Seq
    prev: Digest
    kind: Word
    at: Instant
    clock: Clock
    body: B_co


AnyRecord: TypeAlias = Record[CheckIn] | Record[Heartbeat] | Record[Event] | Record[Enrolment] | Record[Other]

_BY_KIND: dict[str, Codec[AnyRecord]] = {
    CheckIn.KIND: Codec("record/check-in", Record[CheckIn]),
    Heartbeat.KIND: Codec("record/heartbeat", Record[Heartbeat]),
    Event.KIND: Codec("record/event", Record[Event]),
    Enrolment.KIND: Codec("record/enrolment", Record[Enrolment]),
}
_OTHER: Codec[AnyRecord] = Codec("record/other", Record[Other])


@dataclass(frozen=True, slots=True)
class _Kind:
    kind: Word


_KIND: Codec[_Kind] = Codec("record", _Kind)


def picture_named(body: Body) -> str | None:
    """Digest of the evidence picture that a record names; None for none, or for what cannot be a digest."""
    named = body.evidence if isinstance(body, CheckIn) else None
    if isinstance(body, Event):
        named = str(body.detail.get("evidence", ""))
    return named if named is not None and _DIGEST.fullmatch(named) else None


def encode_record(record: AnyRecord) -> bytes:
    """The record as UTF-8 JSON. Raises ContractError when `kind` and body disagree."""
    if record.kind != record.body.KIND:
        message = f"record: kind {record.kind!r} with a body of {record.body.KIND!r}"
        raise ContractError(message)
    return _codec(record.kind).encode(record)


def decode_record(raw: bytes | str) -> AnyRecord:
    """Read a record of any kind; an unknown kind comes back with body `Other`. Raises ContractError."""
    return _codec(_KIND.decode(raw).kind).decode(raw)


def _codec(kind: str) -> Codec[AnyRecord]:
    return _BY_KIND.get(kind, _OTHER)

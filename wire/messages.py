"""The messages beside the record: receipts, status, roster, rules, commands.

Each is one frozen dataclass with one codec; a message binds itself to its kiosk by the field `kiosk`, and to its kind
by the type named in its seal, so that none can be replayed as another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from wire.codec import Codec
from wire.seals import LARGEST
from wire.types import Argument, ChainId, Cosine, Count, Digest, Instant, KioskId, Name, PersonId, Seq, Share, Word

MAX_MESSAGE_BYTES = LARGEST
"""Longest sealed message of any kind that is accepted: a sealed roster manifest of 15,000 people takes 1.8 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A record that was set aside at the centre: SHA-256 of the bytes, its number where it could be read, and why."""

    digest: Digest
    seq: Seq | None
    reason: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Sent after the commit. `upto`: highest number of `chain` with none missing below it, 0 when none came yet;
    numbers that were set aside count as arrived. A receipt may name a lower number than an earlier one: the centre was
    restored from a backup and wants the rest again. `blobs`: digests of the blobs that are stored."""

    kiosk: KioskId
    at: Instant
    chain: ChainId
    upto: Count
    blobs: tuple[Digest, ...] = ()
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Advice about a kiosk's health, retained, and as last will with `online` false. Nothing is judged by it.

    `backlog`: records without a receipt. `state`: running, or out-of-service while nobody could check in. Temperature in °C,
    disk free in MiB. `throttled`: what holds the board back, by word, `…-before` for what did since it was switched on; null on
    a board that cannot tell. `last_frame_at`: newest picture of the camera. `certificate_until`: end of the client certificate.
    """

    kiosk: KioskId
    at: Instant
    online: bool
    version: Annotated[str, Field(min_length=1, max_length=40)]
    state: Word
    backlog: Count
    roster_version: Count
    chain: ChainId | None = None
    last_seq: Count = 0
    temperature_c: Annotated[float, Field(ge=-50, le=150, allow_inf_nan=False)] | None = None
    disk_free_mib: Count | None = None
    throttled: Annotated[tuple[Word, ...], Field(max_length=8)] | None = None
    last_frame_at: Instant | None = None
    certificate_until: Instant | None = None
    board: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    system: Annotated[str, Field(min_length=1, max_length=120)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterManifest:
    """Who may be recognised at this kiosk. `people`: SHA-256 of each one's sealed entry; who is not in it is deleted.

    `version` only rises; an older one is refused. `threshold`: least cosine that names a person, for a roster of this
    size; `margin`: least lead over the next person. `model`: every template is of this model or the roster is refused.
    """

    kiosk: KioskId
    at: Instant
    version: Count
    model: Word
    threshold: Cosine
    margin: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
    people: dict[PersonId, Digest]


@dataclass(frozen=True, slots=True, kw_only=True)
class PinVerifier:
    """By what a person on a head's guarantee is known without a face: the `number` they give, and scrypt of their PIN.

    `salt`: 16 bytes, `digest`: 32 bytes, both base64, as in `wire.pin`; `cost`: binary logarithm of scrypt's N. Valid from
    `from_` on and before `until`, whatever the kiosk hears later: a guarantee ends without a network too.
    """

    number: Annotated[str, Field(pattern=r"^[0-9]{4,8}$")]
    salt: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{22}==$")]
    digest: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]
    cost: Annotated[int, Field(ge=10, le=17)]
    from_: Instant
    until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterEntry:
    """One person, encrypted to the kiosk and sealed by the centre.

    `template`: unit vector, float32 little-endian, base64; null for who is known by PIN alone. `assigned`: works at this
    kiosk's unit (else in scope only: recognised, recorded, flagged). `from_`/`until`: served between these moments; null
    is open. `pin`: null for everybody who has no PIN.
    """

    kiosk: KioskId
    person: PersonId
    name: Name
    unit: Annotated[str, Field(min_length=1, max_length=64)]
    assigned: bool
    model: Word
    template: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=20_000)] | None
    from_: Instant | None = None
    until: Instant | None = None
    pin: PinVerifier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayHours:
    """Working hours of one weekday (0 = Monday): local time `HH:MM`."""

    weekday: Annotated[int, Field(ge=0, le=6)]
    start: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    end: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Hours and holidays, only so that the screen can say what a look means. `holidays`: local dates, YYYY-MM-DD. `picture_share`: of
    how many sure check-ins a picture is wanted too, 0 to 1."""

    kiosk: KioskId
    at: Instant
    version: Count
    hours: tuple[DayHours, ...]
    holidays: tuple[Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")], ...] = ()
    picture_share: Share = 0.0


CommandName = Literal[
    "restart-part",
    "refresh-roster",
    "send-diagnostics",
    "test-lights",
    "identify",
    "wipe",
    "update",
    "renew-certificate",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An order from the centre, from a closed list; done once, and not after `expires`."""

    kiosk: KioskId
    id: Word
    at: Instant
    expires: Instant
    command: CommandName
    arguments: dict[Word, Argument] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of a command."""

    kiosk: KioskId
    id: Word
    at: Instant
    outcome: Literal["done", "refused", "failed", "expired"]
    detail: dict[Word, JsonValue] = field(default_factory=dict)


RECEIPT: Codec[Receipt] = Codec("receipt", Receipt)
STATUS: Codec[Status] = Codec("status", Status)
ROSTER_MANIFEST: Codec[RosterManifest] = Codec("roster-manifest", RosterManifest)
ROSTER_ENTRY: Codec[RosterEntry] = Codec("roster-entry", RosterEntry)
RULES: Codec[Rules] = Codec("rules", Rules)
COMMAND: Codec[Command] = Codec("command", Command)
REPLY: Codec[Reply] = Codec("reply", Reply)

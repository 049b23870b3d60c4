"""From what came over the connection to messages that the centre sealed for this kiosk. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from wire import messages as m
from wire import topics
from wire.codec import Codec
from wire.errors import ContractError, SealError
from wire.seals import Keyring, Sealed, digest

CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class SealedManifest:
    """A roster's manifest, and the sealed text it came in."""

    manifest: m.RosterManifest
    sealed: str


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """A person's roster entry, which only the kiosk process can read. `sealed` is empty when it was withdrawn."""

    person: str
    sealed: str
    digest: str


@dataclass(frozen=True, slots=True)
class SealedRules:
    """The rules, and the sealed text they came in."""

    rules: m.Rules
    sealed: str


@dataclass(frozen=True, slots=True)
class SealedCommand:
    """A command, and the sealed text it came in."""

    command: m.Command
    sealed: str


B = TypeVar("B", m.Receipt, m.RosterManifest, m.Rules, m.Command)

Inbound: TypeAlias = m.Receipt | SealedManifest | SealedEntry | SealedRules | SealedCommand


def open_message(topic: str, payload: bytes, kiosk: str, ring: Keyring) -> Inbound:
    """The message, once topic, size, seal, type and kiosk are right. Raises WireError."""
    address = topics.parse(topic)
    if address.kiosk != kiosk:
        raise ContractError(f"topic {topic!r} is not of kiosk {kiosk}")
    if len(payload) > m.MAX_MESSAGE_BYTES:
        raise ContractError(f"{address.channel}: {len(payload)} bytes, at most {m.MAX_MESSAGE_BYTES}")
    match address.channel, address.item:
        case "receipts", None:
            return _read(payload, Sealed.RECEIPT, m.RECEIPT, kiosk, ring)
        case "roster", None:
            manifest = _read(payload, Sealed.ROSTER_MANIFEST, m.ROSTER_MANIFEST, kiosk, ring)
            return SealedManifest(manifest, payload.decode("ascii"))
        case "roster", str(person):
            return _entry(person, payload, ring)
        case "rules", None:
            return SealedRules(_read(payload, Sealed.RULES, m.RULES, kiosk, ring), payload.decode("ascii"))
        case "commands", None:
            return SealedCommand(_read(payload, Sealed.COMMAND, m.COMMAND, kiosk, ring), payload.decode("ascii"))
        case _:
            raise ContractError(f"topic {topic!r} is not one that a kiosk listens to")


def _entry(person: str, payload: bytes, ring: Keyring) -> SealedEntry:
    if payload:
        _verify(payload, Sealed.ROSTER_ENTRY, ring)
    return SealedEntry(person, payload.decode("ascii"), digest(payload))


def _read(payload: bytes, kind: Sealed, codec: Codec[B], kiosk: str, ring: Keyring) -> B:
    message = codec.decode(_verify(payload, kind, ring))
    if message.kiosk != kiosk:
        raise ContractError(f"{codec.name}: is for kiosk {message.kiosk!r}, not {kiosk!r}")
    return message


def _verify(payload: bytes, kind: Sealed, ring: Keyring) -> bytes:
    key = ring.find(payload)
    if key.name.owner != CENTRE:
        raise SealError(f"sealed by {key.name}, not by the centre")
    return key.verify(payload, kind)

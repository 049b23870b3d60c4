"""What came over MQTT, and what can be told of it without any key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from wire.errors import ContractError, SealError
from wire.seals import digest, peek
from wire.topics import FROM_KIOSK, Address, parse

LONGEST_HEAD = 400
"""Longest header that is read, in base64: ours take some 90 characters."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came: topic, the very bytes, and when (UTC)."""

    topic: str
    payload: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message with what stands outside of its seal; nothing of it is proven.

    `address` is None for a topic that no kiosk sends on, `kid` for bytes without a readable header.
    """

    message: Message
    address: Address | None
    kid: str | None
    digest: str


def read_envelope(message: Message) -> Envelope:
    """Never raises: whatever comes gets an envelope."""
    return Envelope(message, _address(message.topic), _kid(message.payload), digest(message.payload))


def _address(topic: str) -> Address | None:
    """Of what kiosks send; a hostile broker may hand over a topic that was never asked for."""
    try:
        address = parse(topic)
    except ContractError:
        return None
    return address if address.channel in FROM_KIOSK else None


def _kid(payload: bytes) -> str | None:
    head = payload[: LONGEST_HEAD + 1].partition(b".")[0]
    return _kid_of(head) if len(head) <= LONGEST_HEAD else None


@lru_cache(maxsize=20_000)
def _kid_of(head: bytes) -> str | None:
    """A key's header is the same on everything it seals: read once."""
    try:
        kid = peek(head).get("kid")
    except SealError:
        return None
    return kid if isinstance(kid, str) else None

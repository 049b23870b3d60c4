"""What came over MQTT, and what can be told of it without any key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wire.errors import ContractError, SealError
from wire.seals import digest, peek
from wire.topics import Address, parse


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came: topic, the very bytes, and when (UTC)."""

    topic: str
    payload: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message with what stands outside of its seal; nothing of it is proven.

    `address` is None for a topic outside the contract, `kid` for bytes without a readable header.
    """

    message: Message
    address: Address | None
    kid: str | None
    digest: str


def read_envelope(message: Message) -> Envelope:
    """Never raises: whatever comes gets an envelope."""
    return Envelope(message, _address(message.topic), _kid(message.payload), digest(message.payload))


def _address(topic: str) -> Address | None:
    try:
        return parse(topic)
    except ContractError:
        return None


def _kid(payload: bytes) -> str | None:
    try:
        kid = peek(payload).get("kid")
    except SealError:
        return None
    return kid if isinstance(kid, str) else None

"""What a message is worth. Pure: a message and the directory in, a verdict out.

Order of the checks: topic, kiosk, size, key, seal, contract, identity. Everything before the seal is anybody's claim.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar

from collector.ingest.directory import RECORD, RELAY, Directory, KnownKey
from collector.ingest.message import Envelope
from wire.codec import Codec
from wire.errors import ContractError, SealError
from wire.messages import MAX_MESSAGE_BYTES, REPLY, STATUS, Reply, Status
from wire.pictures import MAX_BLOB_BYTES
from wire.records import MAX_SEALED_BYTES, AnyRecord, decode_record
from wire.seals import KeyName, PublicKey, Sealed, payload_of, peek
from wire.topics import Address
from wire.types import ChainId, Seq

RECORDS: Final = "records"
"""The channel whose messages must not be lost, and are receipted."""


class Reason(StrEnum):
    """Why a message was not accepted: the word in `set_aside.reason` and in a receipt."""

    TOPIC = "topic"
    UNKNOWN_KIOSK = "unknown-kiosk"
    OVERSIZED = "oversized"
    UNKNOWN_KEY = "unknown-key"
    WRONG_KEY = "wrong-key"
    REVOKED_KEY = "revoked-key"
    WRONG_KIND = "wrong-kind"
    SEAL = "seal"
    CONTRACT = "contract"
    WRONG_KIOSK = "wrong-kiosk"
    WRONG_CHAIN = "wrong-chain"
    WRONG_DIGEST = "wrong-digest"
    PICTURE = "picture"
    FORK = "fork"
    UNSTORABLE = "unstorable"


M = TypeVar("M")

NOT_FINAL: Final = frozenset(
    {Reason.TOPIC, Reason.UNKNOWN_KIOSK, Reason.UNKNOWN_KEY, Reason.WRONG_KIND, Reason.UNSTORABLE}
)
"""Never receipted as rejected: the same bytes may be good tomorrow, when the kiosk or its key is registered, or now,
under the topic that they were made for."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A record whose seal, contract and identity hold; its place in the chain is not yet looked at."""

    envelope: Envelope
    record: AnyRecord


@dataclass(frozen=True, slots=True)
class AcceptedStatus:
    """A kiosk's word about its own health."""

    envelope: Envelope
    status: Status


@dataclass(frozen=True, slots=True)
class AcceptedBlob:
    """A blob under the digest that its topic names; `chain` is that of the key that sealed it; `picture` what is in it, as the
    vault keeps it, once it was opened."""

    envelope: Envelope
    kiosk: str
    chain: str
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class AcceptedReply:
    """What became of a command."""

    envelope: Envelope
    reply: Reply


@dataclass(frozen=True, slots=True)
class Refused:
    """A message to set aside.

    `kiosk`: the registered one its topic names, else empty. `seq`: its number, only when the seal verified: then it
    did arrive and counts for `upto`. `chain`: which chain's receipt tells of it, None when there is none to tell by.
    """

    envelope: Envelope
    reason: Reason
    detail: str
    kiosk: str = ""
    chain: str | None = None
    seq: int | None = None

    @property
    def final(self) -> bool:
        """Whether the kiosk may be told to stop sending it.

        Records alone, a broker can bring a good one under another topic and must not get it rejected by that; and blobs that
        the kiosk itself sealed and that are no picture, which no broker can bring about.
        """
        if self.reason is Reason.PICTURE:
            return True
        address = self.envelope.address
        return bool(self.kiosk) and self.reason not in NOT_FINAL and address is not None and address.channel == RECORDS


Verdict: TypeAlias = Accepted | AcceptedStatus | AcceptedBlob | AcceptedReply | Refused


@dataclass(frozen=True, slots=True)
class Identity:
    """The least that must be readable of a sealed record, so that its number counts."""

    chain: ChainId
    seq: Seq


IDENTITY: Codec[Identity] = Codec("identity", Identity)


class _RefusedError(Exception):
    """Ends the judgement of one message."""

    def __init__(self, reason: Reason, detail: str, identity: Identity | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.identity = identity


def judge(envelope: Envelope, directory: Directory) -> Verdict:
    """The verdict on one message. Never raises for anything that can come over the wire."""
    address = envelope.address
    if address is None:
        return Refused(envelope, Reason.TOPIC, "topic is not in the contract")
    if address.kiosk not in directory.kiosks:
        return Refused(envelope, Reason.UNKNOWN_KIOSK, f"kiosk {address.kiosk} is not registered")
    try:
        return _CHANNELS[address.channel](envelope, address, directory)
    except _RefusedError as refused:
        known = refused.identity
        chain = known.chain if known else _answering(envelope, address, directory)
        seq = known.seq if known else None
        return Refused(envelope, refused.reason, refused.detail, address.kiosk, chain, seq)


def _record(envelope: Envelope, address: Address, directory: Directory) -> Verdict:
    key = _key(envelope, address, directory, RECORD)
    payload = _opened(envelope, key, Sealed.RECORD)
    if len(envelope.message.payload) > MAX_SEALED_BYTES:
        raise _RefusedError(Reason.OVERSIZED, _too_long(envelope, MAX_SEALED_BYTES), _identity(payload, key.public))
    try:
        record = decode_record(payload)
    except ContractError as error:
        raise _RefusedError(Reason.CONTRACT, str(error), _identity(payload, key.public)) from error
    if record.chain != key.public.thumbprint:
        raise _RefusedError(Reason.WRONG_CHAIN, f"chain {record.chain} is not that of key {key.public.name}")
    if record.kiosk != address.kiosk:
        wrong = f"record of {record.kiosk} on the topic of {address.kiosk}"
        raise _RefusedError(Reason.WRONG_KIOSK, wrong, _identity(payload, key.public))
    return Accepted(envelope, record)


def _status(envelope: Envelope, address: Address, directory: Directory) -> Verdict:
    payload = _opened(envelope, _key(envelope, address, directory, RELAY), Sealed.STATUS)
    status = _decoded(STATUS, payload)
    _same_kiosk(status.kiosk, address)
    return AcceptedStatus(envelope, status)


def _reply(envelope: Envelope, address: Address, directory: Directory) -> Verdict:
    payload = _opened(envelope, _key(envelope, address, directory, RELAY), Sealed.REPLY)
    reply = _decoded(REPLY, payload)
    _same_kiosk(reply.kiosk, address)
    return AcceptedReply(envelope, reply)


def _blob(envelope: Envelope, address: Address, directory: Directory) -> Verdict:
    key = _key(envelope, address, directory, RECORD)
    _opened(envelope, key, Sealed.BLOB)
    if envelope.digest != address.item:
        raise _RefusedError(Reason.WRONG_DIGEST, f"blob's digest is {envelope.digest}")
    if len(envelope.message.payload) > MAX_BLOB_BYTES:
        raise _RefusedError(Reason.PICTURE, _too_long(envelope, MAX_BLOB_BYTES))
    return AcceptedBlob(envelope, address.kiosk, key.public.thumbprint)


_CHANNELS: Mapping[str, Callable[[Envelope, Address, Directory], Verdict]] = {
    RECORDS: _record,
    "status": _status,
    "replies": _reply,
    "blobs": _blob,
}


def _key(envelope: Envelope, address: Address, directory: Directory, use: str) -> KnownKey:
    if len(envelope.message.payload) > MAX_MESSAGE_BYTES:
        raise _RefusedError(Reason.OVERSIZED, _too_long(envelope, MAX_MESSAGE_BYTES))
    if envelope.kid is None:
        raise _RefusedError(Reason.SEAL, "not a sealed message: it names no key")
    key = directory.keys.get(envelope.kid)
    if key is None:
        try:
            owner = KeyName.parse(envelope.kid).owner
        except SealError as error:
            raise _RefusedError(Reason.SEAL, str(error)) from error
        if owner.partition("/")[0] != address.kiosk:
            raise _RefusedError(Reason.WRONG_KEY, f"key of {owner[:80]!r} on the topic of {address.kiosk}")
        raise _RefusedError(Reason.UNKNOWN_KEY, f"key {envelope.kid} is not registered")
    if key.kiosk != address.kiosk or key.use != use:
        raise _RefusedError(Reason.WRONG_KEY, f"{key.use} key {envelope.kid} on {address.channel} of {address.kiosk}")
    if key.revoked:
        raise _RefusedError(Reason.REVOKED_KEY, f"key {envelope.kid} is revoked")
    return key


def _opened(envelope: Envelope, key: KnownKey, kind: Sealed) -> bytes:
    try:
        return key.public.verify(envelope.message.payload, kind)
    except SealError as error:
        if peek(envelope.message.payload).get("typ") != kind:
            raise _RefusedError(Reason.WRONG_KIND, str(error)) from error
        claimed = claimed_identity(envelope.message.payload)
        if kind is Sealed.RECORD and claimed and claimed.chain != key.public.thumbprint:
            # A kiosk with a new card counts its keys from 1 again: until the new key is registered under this name,
            # its records must not be told to stay away.
            raise _RefusedError(Reason.UNKNOWN_KEY, f"{error}; it claims another key's chain") from error
        raise _RefusedError(Reason.SEAL, str(error)) from error


def claimed_identity(sealed: bytes) -> Identity | None:
    """Chain and number that a sealed text claims, unverified; None when they cannot be read."""
    try:
        return IDENTITY.decode(payload_of(sealed))
    except (SealError, ContractError):
        return None


def _identity(payload: bytes, public: PublicKey) -> Identity | None:
    """The number that counts: sealed by this key, and for the chain of this key."""
    try:
        identity = IDENTITY.decode(payload)
    except ContractError:
        return None
    return identity if identity.chain == public.thumbprint else None


def _decoded(codec: Codec[M], payload: bytes) -> M:
    try:
        return codec.decode(payload)
    except ContractError as error:
        raise _RefusedError(Reason.CONTRACT, str(error)) from error


def _same_kiosk(kiosk: str, address: Address) -> None:
    if kiosk != address.kiosk:
        raise _RefusedError(Reason.WRONG_KIOSK, f"message of {kiosk} on the topic of {address.kiosk}")


def _answering(envelope: Envelope, address: Address, directory: Directory) -> str | None:
    key = directory.keys.get(envelope.kid or "")
    if key and key.use == RECORD and key.kiosk == address.kiosk:
        return key.public.thumbprint
    return directory.chain_of(address.kiosk)


def _too_long(envelope: Envelope, most: int) -> str:
    return f"{len(envelope.message.payload)} bytes, at most {most} are accepted"

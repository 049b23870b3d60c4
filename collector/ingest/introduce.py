"""A kiosk's next key: taken by the endorsement of a key that is known, never by its own word. Pure."""

from __future__ import annotations

from dataclasses import replace

from collector.ingest.directory import RECORD, Directory, KnownKey
from collector.ingest.judge import RECORDS
from collector.ingest.message import Envelope
from wire.errors import ContractError, SealError
from wire.records import MAX_SEALED_BYTES, ChainStart, Event, decode_record
from wire.seals import KeyName, PublicKey, Sealed, payload_of, peek


def introduced(envelope: Envelope, directory: Directory) -> KnownKey | None:
    """The new record key that this message proves, or None.

    It must be the first record of a chain, sealed by the key that it announces under a number not yet used, and carry
    the seal of an older, registered, unrevoked record key of the same kiosk over the new key's thumbprint.
    """
    address, kid = envelope.address, envelope.kid
    if address is None or kid is None or address.channel != RECORDS or address.kiosk not in directory.kiosks:
        return None
    if kid in directory.keys or len(envelope.message.payload) > MAX_SEALED_BYTES:
        return None
    try:
        return _proven(envelope.message.payload, KeyName.parse(kid), address.kiosk, directory)
    except (SealError, ContractError):
        return None


def with_introduced(envelopes: list[Envelope], directory: Directory) -> tuple[Directory, list[KnownKey]]:
    """The directory with every key that these messages prove, and those keys; a key may endorse the next one."""
    found: list[KnownKey] = []
    keys = dict(directory.keys)
    waiting = [envelope for envelope in envelopes if envelope.kid not in keys]
    progress = True
    while progress:
        progress = False
        for envelope in waiting:
            key = introduced(envelope, replace(directory, keys=keys))
            if key:
                keys[str(key.public.name)] = key
                found.append(key)
                progress = True
    return replace(directory, keys=keys), found


def _proven(sealed: bytes, name: KeyName, kiosk: str, directory: Directory) -> KnownKey | None:
    record = decode_record(payload_of(sealed))
    start = record.body.chain_start if isinstance(record.body, Event) else None
    if start is None or name.owner != kiosk or record.kiosk != kiosk or record.seq != 1:
        return None
    public = PublicKey.from_x(name, start.public_key)
    public.verify(sealed, Sealed.RECORD)
    taken = any(key.public.thumbprint == public.thumbprint for key in directory.keys.values())
    if taken or record.chain != public.thumbprint or not _endorsed(start, public, kiosk, directory):
        return None
    return KnownKey(public, kiosk, RECORD)


def _endorsed(start: ChainStart, public: PublicKey, kiosk: str, directory: Directory) -> bool:
    if start.endorsement is None:
        return False
    kid = peek(start.endorsement).get("kid")
    old = directory.keys.get(kid) if isinstance(kid, str) else None
    if old is None or old.kiosk != kiosk or old.use != RECORD or old.revoked:
        return False
    newer = public.name.number > old.public.name.number
    return newer and old.public.verify(start.endorsement, Sealed.ENDORSEMENT) == public.thumbprint.encode()

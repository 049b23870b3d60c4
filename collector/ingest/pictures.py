"""A blob as it comes: opened with the centre's box, looked at, and sealed by the vault.

The pages read the vault and not the box, so a picture goes from the one to the other here, where both keys are. Only its first
bytes are looked at: nothing here decodes what a kiosk, or whoever has stolen its key, calls a picture.
"""

from __future__ import annotations

from dataclasses import replace

from collector.ingest.judge import AcceptedBlob, Reason, Refused
from collector.keys import CentreKeys
from collector.people.sealing import evidence_name
from wire.errors import ContractError, SealError, UnreadableError
from wire.pictures import picture_kind
from wire.seals import payload_of


def opened(blob: AcceptedBlob, keys: CentreKeys) -> AcceptedBlob | Refused:
    """The blob with its picture as the vault keeps it, or refused for good: the kiosk itself has sealed what is no picture."""
    try:
        picture = _decrypted(payload_of(blob.envelope.message.payload), keys)
        picture_kind(picture)
    except (ContractError, SealError, UnreadableError) as error:
        return Refused(blob.envelope, Reason.PICTURE, str(error), blob.kiosk, blob.chain)
    return replace(blob, picture=keys.vault.seal(picture, evidence_name(blob.envelope.digest)))


def _decrypted(encrypted: bytes, keys: CentreKeys) -> bytes:
    """By the newest key that opens it. Raises UnreadableError."""
    *older, newest = keys.boxes
    for box in older:
        try:
            return box.decrypt(encrypted)
        except UnreadableError:
            continue
    return newest.decrypt(encrypted)

"""The picture that came with a record, and the pictures of the person it is said to be. Opened for one look, never stored."""

from __future__ import annotations

import base64

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.errors import VaultError
from collector.keys import CentreKeys
from collector.people.sealing import chip_name
from collector.store.people import Chip
from collector.store.records import Blob
from wire.errors import WireError
from wire.seals import payload_of

KINDS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))
MOST_CHIPS = 3


def evidence_picture(session: Session, keys: CentreKeys, digest: str) -> bytes | None:
    """The evidence of this digest in clear; None where it is gone, or was encrypted to a key that is not here."""
    sealed = session.scalars(select(Blob.sealed).where(Blob.digest == digest)).one_or_none()
    if sealed is None:
        return None
    for box in reversed(keys.boxes):
        try:
            return box.decrypt(payload_of(sealed))
        except WireError:
            continue
    return None


def enrolled_pictures(session: Session, keys: CentreKeys, person: str) -> list[bytes]:
    """The newest enrolment pictures of a person, as PNG."""
    query = select(Chip.family, Chip.encrypted).where(Chip.person == person).order_by(Chip.made_at.desc(), Chip.digest)
    found = []
    for family, kept in session.execute(query.limit(MOST_CHIPS)):
        try:
            found.append(keys.vault.unseal(base64.b64decode(kept), chip_name(person, family)))
        except (VaultError, ValueError):
            continue
    return found


def kind_of(picture: bytes) -> str | None:
    """Its media type by its first bytes; None for what is no picture that a page may show."""
    return next((kind for head, kind in KINDS if picture.startswith(head)), None)

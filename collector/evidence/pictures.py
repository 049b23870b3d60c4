"""The picture that came with a record, and the pictures of the person it is said to be. Opened for one look, never stored in clear."""

from __future__ import annotations

import base64

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.errors import VaultError
from collector.people.sealing import chip_name, evidence_name
from collector.store.people import Chip
from collector.store.records import Blob
from collector.vault import Vault
from wire.errors import ContractError
from wire.pictures import picture_kind

MOST_CHIPS = 3


def evidence_picture(session: Session, vault: Vault, kiosk: str, digest: str) -> bytes | None:
    """The evidence of this digest that this kiosk sent, in clear; None where it is not here. Raises KeysError.

    A picture that another kiosk sent is none: a record can name any digest.
    """
    mine = (Blob.digest == digest, Blob.kiosk == kiosk)
    kept = session.scalars(select(Blob.picture).where(*mine)).one_or_none()
    if kept is None:
        return None
    try:
        return vault.unseal(kept, evidence_name(digest))
    except VaultError:
        return None


def enrolled_pictures(session: Session, vault: Vault, person: str) -> list[bytes]:
    """The newest enrolment pictures of a person, as PNG. Raises KeysError."""
    query = select(Chip.family, Chip.encrypted).where(Chip.person == person).order_by(Chip.made_at.desc(), Chip.digest)
    found = []
    for family, kept in session.execute(query.limit(MOST_CHIPS)):
        try:
            found.append(vault.unseal(base64.b64decode(kept), chip_name(person, family)))
        except (VaultError, ValueError):
            continue
    return found


def inline(picture: bytes) -> str | None:
    """The picture as an address that stands in the page itself; None for what no page may show.

    Not under an address of its own: a picture is seen only by whom the audit log names.
    """
    try:
        kind = picture_kind(picture)
    except ContractError:
        return None
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"

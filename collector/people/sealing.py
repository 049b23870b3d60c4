"""What the database keeps sealed, each value by the vault for the very row it lies in; and sealing all of it with a new key."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from collector.errors import VaultError
from collector.keys import CentreKeys
from collector.store.base import Base
from collector.store.leave import Letter, StoredPin
from collector.store.people import Chip, PeopleImport, Person, Template
from collector.store.records import Blob
from collector.store.writer import Writer
from collector.vault import Vault, is_sealed
from wire.errors import WireError

LOG = logging.getLogger(__name__)

AT_ONCE = 2000
"""Rows of one transaction, well below a second: others write in between."""


FILES_AT_ONCE = 4
"""Files have up to 16 MiB each."""

PICTURES_AT_ONCE = 200
"""Pictures that came with records have some 10 KiB, at most 64."""


def template_name(person: str, model: str) -> str:
    """What a template's seal is bound to."""
    return f"template/{person}/{model}"


def chip_name(person: str, family: str) -> str:
    """What an enrolment picture's seal is bound to."""
    return f"chip/{person}/{family}"


def nik_name(person: str) -> str:
    """What a NIK's seal is bound to."""
    return f"nik/{person}"


def letter_name(letter: str) -> str:
    """What a letter's seal is bound to."""
    return f"letter/{letter}"


def pin_name(person: str) -> str:
    """What a PIN's verifier is bound to."""
    return f"pin/{person}"


def evidence_name(digest: str) -> str:
    """What the seal of a picture that came with a record is bound to."""
    return f"evidence/{digest}"


def upload_name(imported: str) -> str:
    """What an uploaded list's seal is bound to."""
    return f"import/{imported}"


def clear_template(vault: Vault, person: str, model: str, kept: bytes) -> bytes:
    """A template as it is compared, float32 little-endian; one from before there was a vault is as it lies.

    Raises VaultError.
    """
    return vault.unseal(kept, template_name(person, model)) if is_sealed(kept) else kept


def reseal(session: Session, keys: CentreKeys, at_most: int = AT_ONCE) -> int:
    """Seal some rows with the newest key that are in clear or under an older one; how many were done, 0 when none is left.

    Raises VaultError for a row that does not open: it is not lost by being overwritten.
    """
    steps: tuple[Callable[[Session, CentreKeys, int], int], ...] = (
        _templates,
        _chips,
        _niks,
        _pins,
        _letters,
        _uploads,
        _evidence,
    )
    done = 0
    for step in steps:
        done += step(session, keys, at_most - done)
    return done


def reseal_all(writer: Writer, keys: CentreKeys) -> int:
    """Seal everything with the newest key, in short transactions; how many rows were done. A row that does not open is
    told and ends it: the others go on as they lie. Raises StoreDownError, KeysError."""
    done = 0
    try:
        while True:
            with writer.session() as session:
                one = reseal(session, keys)
            done += one
            if not one:
                break
    except VaultError as error:
        LOG.error("not everything is sealed with the newest key: %s", error)  # noqa: TRY400 - known
    if done:
        LOG.info("sealed by the vault's newest key: %d rows", done)
    return done


def _templates(session: Session, keys: CentreKeys, at_most: int) -> int:
    vault, head = keys.vault, keys.vault.head
    old = select(Template.person, Template.model, Template.vector).where(
        func.length(Template.vector) > 0, func.substr(Template.vector, 1, len(head)) != head
    )
    rows = session.execute(old.order_by(Template.person, Template.model).limit(at_most)).all()
    new = [
        {
            "person": person,
            "model": model,
            "vector": vault.seal(clear_template(vault, person, model, kept), template_name(person, model)),
        }
        for person, model, kept in rows
    ]
    if new:
        session.execute(update(Template), new)
    return len(new)


def _niks(session: Session, keys: CentreKeys, at_most: int) -> int:
    return _values(session, keys, Values(Person, Person.id, Person.nik, nik_name), at_most)


def _pins(session: Session, keys: CentreKeys, at_most: int) -> int:
    return _values(session, keys, Values(StoredPin, StoredPin.person, StoredPin.digest, pin_name), at_most)


def _letters(session: Session, keys: CentreKeys, at_most: int) -> int:
    return _values(session, keys, Values(Letter, Letter.id, Letter.sealed, letter_name), min(at_most, FILES_AT_ONCE))


def _uploads(session: Session, keys: CentreKeys, at_most: int) -> int:
    return _values(
        session,
        keys,
        Values(PeopleImport, PeopleImport.id, PeopleImport.content, upload_name),
        min(at_most, FILES_AT_ONCE),
    )


def _evidence(session: Session, keys: CentreKeys, at_most: int) -> int:
    return _values(
        session, keys, Values(Blob, Blob.digest, Blob.picture, evidence_name), min(at_most, PICTURES_AT_ONCE)
    )


@dataclass(frozen=True, slots=True)
class Values:
    """A column of sealed values: its table, the row's one key, and what a value's seal is bound to."""

    table: type[Base]
    key: InstrumentedAttribute[str]
    value: InstrumentedAttribute[Any]
    name: Callable[[str], str]


def _values(session: Session, keys: CentreKeys, kept: Values, at_most: int) -> int:
    vault, head = keys.vault, keys.vault.head
    old = select(kept.key, kept.value).where(kept.value.is_not(None), func.substr(kept.value, 1, len(head)) != head)
    rows = session.execute(old.order_by(kept.key).limit(at_most)).all()
    new = [
        {kept.key.key: key, kept.value.key: vault.seal(vault.unseal(sealed, kept.name(key)), kept.name(key))}
        for key, sealed in rows
    ]
    if new:
        session.execute(update(kept.table), new)
    return len(new)


def _chips(session: Session, keys: CentreKeys, at_most: int) -> int:
    """Their digest is that of the text, which changes, so the key of the row does too."""
    head = base64.b64encode(keys.vault.head).decode()  # six bytes are eight letters, without a remainder
    old = select(Chip.digest, Chip.person, Chip.family, Chip.encrypted).where(
        func.substr(Chip.encrypted, 1, len(head)) != head
    )
    rows = session.execute(old.order_by(Chip.digest).limit(at_most)).all()
    new = []
    for digest, person, family, kept in rows:
        name = chip_name(person, family)
        text = base64.b64encode(keys.vault.seal(_clear_chip(keys, name, kept), name)).decode()
        new.append({"old": digest, "new": hashlib.sha256(text.encode()).hexdigest(), "text": text})
    if new:
        one = update(Chip).where(Chip.digest == bindparam("old"))
        session.connection().execute(one.values(digest=bindparam("new"), encrypted=bindparam("text")), new)
    return len(new)


def _clear_chip(keys: CentreKeys, name: str, kept: str) -> bytes:
    """The picture as PNG; before there was a vault it was encrypted to the centre's box."""
    if not kept.startswith(base64.b64encode(b"SPV").decode()):
        return _from_box(keys, name, kept)
    return keys.vault.unseal(base64.b64decode(kept), name)


def _from_box(keys: CentreKeys, name: str, kept: str) -> bytes:
    for box in keys.boxes:
        try:
            return box.decrypt(kept)
        except WireError:
            continue
    raise VaultError(f"{name} was encrypted to a key of the centre that is not here; restore centre-keys from backup")

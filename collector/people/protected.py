"""A person's NIK: protected data. Kept sealed, shown to whoever needs it, each time with a reason that the audit log keeps."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from collector import audit
from collector.errors import ChangeError
from collector.people.numbers import parse_nik
from collector.people.sealing import nik_name
from collector.store.people import Person
from collector.vault import Vault

LEAST_REASON = 5


def keep(session: Session, vault: Vault, person: str, text: str, by: str) -> None:
    """Set a NIK, or take it away (empty). Raises ChangeError."""
    stored = _person(session, person)
    try:
        digits = parse_nik(text) if text.strip() else None
    except ValueError as error:
        raise ChangeError("nik", str(error)) from error
    if digits is None and stored.nik is None:
        return
    stored.nik = vault.seal(digits.encode(), nik_name(person)) if digits else None
    session.flush()
    audit.note(session, by, "nik.set" if digits else "nik.removed", person)


def reveal(session: Session, vault: Callable[[], Vault], person: str, why: str, by: str) -> str:
    """The NIK, noted with who asked and why before it is shown. Raises ChangeError without a reason or a NIK, VaultError."""
    reason = " ".join(why.split())
    if len(reason) < LEAST_REASON:
        raise ChangeError("why", "say in a few words what the NIK is needed for; the audit log keeps it")
    kept = _person(session, person).nik
    if kept is None:
        raise ChangeError("nik", "there is no NIK of this person")
    audit.note(session, by, "nik.revealed", person, {"why": reason[:200]})
    return vault().unseal(kept, nik_name(person)).decode()


def _person(session: Session, person: str) -> Person:
    found = session.get(Person, person)
    if found is None:
        raise ChangeError("person", f"nobody has the id {person!r}")
    return found

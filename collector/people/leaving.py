"""A person leaves: marked from a day on, or deleted with everything that could recognise them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from collector import audit
from collector.errors import RegistrationError
from collector.judging.marks import touch
from collector.people import imports
from collector.people.changing import Leaving, depart, state_of
from collector.people.states import marks_of
from collector.store.accounts import StoredAccount
from collector.store.people import Assignment, Chip, DataRequest, EnrolmentNote, Person, Template


def leave(  # noqa: PLR0913 - what is optional has a name
    session: Session,
    who: str,
    day: date,
    *,
    erase: bool = False,
    why: Leaving = Leaving.OTHER,
    by: str = "command",
) -> str:
    """Take a person (id, NIP or internal id) out of service; returns the person's id.

    `day` is the first one they no longer serve, unless they had left before. `erase` deletes templates, pictures, assignments and the person; their
    records stay, for those belong to the ledger and name a random id. Raises RegistrationError for nobody, or several.
    """
    found = session.scalars(
        select(Person).where(or_(Person.id == who, Person.number == who, Person.internal_number == who))
    ).all()
    if not found:
        raise RegistrationError(f"nobody has id, NIP or internal id {who!r}; `siperlu people list` shows who there is")
    if len(found) > 1:
        raise RegistrationError(f"{len(found)} people have {who!r} as id, NIP or internal id; give the person id")
    (person,) = found
    if erase:
        return _erase(session, person, by)
    if person.left_on is None or person.left_on > day:
        depart(session, person.id, day, why, by)
    return person.id


def _erase(session: Session, person: Person, by: str) -> str:
    ident = person.id
    touch(session.connection(), marks_of(state_of(session, ident), None))
    for table in (Template, Chip, Assignment, EnrolmentNote, DataRequest):
        session.execute(delete(table).where(table.person == ident))
    imports.forget(session, ident)
    for account in session.scalars(select(StoredAccount).where(StoredAccount.person == ident)):
        account.person = None
    session.delete(person)
    session.flush()
    audit.note(session, by, "person.erased", ident)
    return ident

"""A person leaves: marked from a day on, or deleted with everything that could recognise them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from collector.errors import RegistrationError
from collector.store.people import Assignment, Chip, Person, Template


def leave(session: Session, who: str, day: date, *, erase: bool = False) -> str:
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
    if not erase:
        person.left_on = min(day, person.left_on or day)
        return person.id
    for table in (Template, Chip, Assignment):
        session.execute(delete(table).where(table.person == person.id))
    session.delete(person)
    session.flush()
    return person.id

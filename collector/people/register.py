"""People and units as states, out of the tables and into them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from collector.people.states import PersonState, PostState, UnitState
from collector.store.people import Assignment, Person, Unit

AT_ONCE = 500
"""Names of one question to the database; SQLite takes some thousands at most."""


def read_people(session: Session, people: Iterable[str] | None = None) -> dict[str, PersonState]:
    """People by id, everybody where none are named. Two queries for some hundred people."""
    if people is None:
        return _read_people(session, None)
    names = sorted(set(people))
    found: dict[str, PersonState] = {}
    for start in range(0, len(names), AT_ONCE):
        found |= _read_people(session, names[start : start + AT_ONCE])
    return found


def write_person(session: Session, state: PersonState) -> None:
    """Bring a person and their posts to this state; a post that is the same stays the row it is. A NIK is only taken
    away here, never set. `read_people` of the same session must have been flushed."""
    person = session.get(Person, state.id) or Person(id=state.id)
    for name in ("name", "status", "number", "internal_number", "left_on", "left_why"):
        setattr(person, name, getattr(state, name))
    if not state.nik:
        person.nik = None
    session.add(person)
    session.flush()
    rows = session.scalars(select(Assignment).where(Assignment.person == state.id).order_by(Assignment.id))
    missing = list(state.posts)
    for row in rows:
        post = _post(row)
        if post in missing:
            missing.remove(post)
        else:
            session.delete(row)
    session.flush()
    for post in missing:
        session.add(_row(state.id, post))
    session.flush()


def insert_posts(session: Session, people: Iterable[PersonState]) -> None:
    """The posts of people who have none yet, together."""
    rows = [
        {
            "person": one.id,
            **{name: getattr(post, name) for name in ("kind", "unit", "from_day", "until_day", "letter")},
        }
        for one in people
        for post in one.posts
    ]
    if rows:
        session.execute(insert(Assignment), rows)


def remove_person(session: Session, person: str) -> None:
    """Somebody who never was."""
    session.execute(delete(Assignment).where(Assignment.person == person))
    session.execute(delete(Person).where(Person.id == person))


def read_units(session: Session) -> dict[str, UnitState]:
    """Every unit by its code. One query."""
    columns = (Unit.code, Unit.name, Unit.kind, Unit.parent, Unit.latitude, Unit.longitude)
    return {row[0]: UnitState(*row) for row in session.execute(select(*columns))}


def write_unit(session: Session, state: UnitState) -> None:
    """Bring a unit to this state; its parent must be there."""
    unit = session.get(Unit, state.code) or Unit(code=state.code)
    for name in ("name", "kind", "parent", "latitude", "longitude"):
        setattr(unit, name, getattr(state, name))
    session.add(unit)
    session.flush()


def _read_people(session: Session, names: list[str] | None) -> dict[str, PersonState]:
    posts: dict[str, list[PostState]] = defaultdict(list)
    rows = select(Assignment).order_by(Assignment.from_day, Assignment.id)
    people = select(Person)
    if names is not None:
        rows, people = rows.where(Assignment.person.in_(names)), people.where(Person.id.in_(names))
    for row in session.scalars(rows):
        posts[row.person].append(_post(row))
    return {one.id: _state(one, posts[one.id]) for one in session.scalars(people)}


def _state(person: Person, posts: Iterable[PostState]) -> PersonState:
    return PersonState(
        id=person.id,
        name=person.name,
        status=person.status,
        number=person.number,
        internal_number=person.internal_number,
        left_on=person.left_on,
        left_why=person.left_why,
        nik=person.nik is not None,
        posts=tuple(sorted(posts, key=lambda post: (post.from_day, post.kind, post.unit))),
    )


def _post(row: Assignment) -> PostState:
    return PostState(row.kind, row.unit, row.from_day, row.until_day, row.letter)


def _row(person: str, post: PostState) -> Assignment:
    return Assignment(
        person=person,
        kind=post.kind,
        unit=post.unit,
        from_day=post.from_day,
        until_day=post.until_day,
        letter=post.letter,
    )

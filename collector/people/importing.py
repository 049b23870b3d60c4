"""Units and people from a sheet into the database: preview first, then everything in the caller's one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.errors import SheetError
from collector.people import rows
from collector.people.merge import Item, KnownPerson, KnownUnit, Plan, Post, plan_people, plan_units
from collector.people.numbers import looks_like_nik, masked
from collector.people.sheet import Columns, Row, Sheet, find_columns, write
from collector.store.people import Assignment, Person, Unit

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sheet holds, what importing it would do, and remarks on how it was read. `niks`: by line, where asked for."""

    kind: Literal["people", "units"]
    people: Plan[KnownPerson]
    units: Plan[KnownUnit]
    remarks: tuple[str, ...]
    niks: Mapping[int, str] = field(default_factory=dict, repr=False)

    @property
    def plan(self) -> Plan[KnownPerson] | Plan[KnownUnit]:
        """The plan of the sheet's kind; the other is empty."""
        return self.people if self.kind == "people" else self.units


def preview(session: Session, sheet: Sheet, today: date, *, with_nik: bool = False) -> Preview:
    """What importing the sheet would do; nothing is written. Raises SheetError when its columns do not tell.

    `with_nik`: the column NIK is read as well; without, it is passed over.
    """
    kind, columns = _columns(sheet.header, with_nik=with_nik)
    remarks = (*sheet.remarks, *columns.remarks)
    if kind == "people":
        read = [_read(row, columns, rows.person) for row in sheet.rows]
        known = known_people(session)
        plan = plan_people(read, known, session.scalars(select(Unit.code)), today)
        niks = {row.line: row.nik for row in read if isinstance(row, rows.PersonRow) and row.nik is not None}
        return Preview(kind, plan, Plan((), ()), (*remarks, *_absent(plan, known, today)), niks)
    units = [_read(row, columns, rows.unit) for row in sheet.rows]
    return Preview(kind, Plan((), ()), plan_units(units, known_units(session)), remarks)


def kind_of(sheet: Sheet) -> Literal["people", "units"]:
    """What the sheet is a list of. Raises SheetError."""
    return _columns(sheet.header)[0]


def apply(session: Session, found: Preview, today: date) -> None:
    """Write the good rows of a preview made in the same transaction."""
    _apply_units(session, found.units.items)
    _apply_people(session, found.people.items, today)


def report(sheet: Sheet, bad: Sequence[rows.Bad]) -> bytes:
    """The rows set aside, as a CSV that can be mended and imported again: the errors first, a NIK never."""
    errors = {one.line: one.errors for one in bad}
    keep = [place for place, title in enumerate(sheet.header) if title.strip().casefold() != "nik"]
    lines = [
        [str(row.line), " | ".join(errors[row.line]), *(_without_nik(row.cells, place) for place in keep)]
        for row in sheet.rows
        if row.line in errors
    ]
    return write(["baris", "kesalahan", *(sheet.header[place] for place in keep)], lines)


def known_people(session: Session) -> list[KnownPerson]:
    """Everybody, with their newest posts: two queries."""
    posts = _newest_posts(session.scalars(select(Assignment).order_by(Assignment.from_day, Assignment.id)))
    return [
        KnownPerson(
            id=person.id,
            name=person.name,
            status=person.status,
            number=person.number,
            internal_number=person.internal_number,
            left_on=person.left_on,
            main=_as_post(posts.get((person.id, "main"))),
            second=_as_post(posts.get((person.id, "second"))),
            nik=person.nik is not None,
        )
        for person in session.scalars(select(Person))
    ]


def known_units(session: Session) -> dict[str, KnownUnit]:
    """Every unit by its code: one query."""
    return {
        unit.code: KnownUnit(unit.code, unit.name, unit.kind, unit.parent, unit.latitude, unit.longitude)
        for unit in session.scalars(select(Unit))
    }


def _absent(plan: Plan[KnownPerson], known: Sequence[KnownPerson], today: date) -> tuple[str, ...]:
    """People of the units that the file is about who do not stand in it: nothing happens to them, but it is said."""
    listed = {item.after.id for item in plan.items}
    units = {item.after.main.unit for item in plan.items if item.after.main}
    absent = [one for one in known if one.id not in listed and _works_in(one, units, today)]
    if not absent or plan.bad:
        return ()
    told = f"{len(absent)} people of these units do not stand in the file and stay as they are"
    return (f"{told}; who has left needs a row with a date in the column `keluar`",)


def _works_in(person: KnownPerson, units: set[str], today: date) -> bool:
    serving = person.left_on is None or person.left_on > today
    main = person.main
    return serving and main is not None and main.unit in units and (main.until_day is None or main.until_day >= today)


def _columns(header: Sequence[str], *, with_nik: bool = False) -> tuple[Literal["people", "units"], Columns]:
    wanted = {**rows.PERSON_COLUMNS, **(rows.NIK_COLUMN if with_nik else {})}
    people, units = find_columns(header, wanted), find_columns(header, rows.UNIT_COLUMNS)
    if all(need in people.places for need in rows.PERSON_NEEDS):
        return "people", people
    if all(need in units.places for need in rows.UNIT_NEEDS) and "status" not in people.places:
        return "units", units
    seen = ", ".join(repr(title[:40]) for title in header[:12])
    raise SheetError(f"columns {seen}: people need nama; status; unit (and id or nip), units need kode; nama")


def _read(row: Row, columns: Columns, read: Callable[[int, Mapping[str, str]], R | rows.Bad]) -> R | rows.Bad:
    if row.fault:
        return rows.Bad(row.line, (row.fault,))
    return read(row.line, columns.read(row))


def _without_nik(cells: Sequence[str], place: int) -> str:
    cell = cells[place] if place < len(cells) else ""
    return masked(cell) if looks_like_nik(cell) else cell


def _newest_posts(assignments: Iterable[Assignment]) -> dict[tuple[str, str], Assignment]:
    """By person and kind; `assignments` come oldest first."""
    return {(one.person, one.kind): one for one in assignments}


def _as_post(assignment: Assignment | None) -> Post | None:
    return Post(assignment.unit, assignment.from_day, assignment.until_day) if assignment else None


def _apply_units(session: Session, items: Iterable[Item[KnownUnit]]) -> None:
    """Parents before children, for a database checks each row's parent at once."""
    waiting = {item.after.code: item.after for item in items if item.effect != "same"}
    existing = {unit.code: unit for unit in session.scalars(select(Unit))} if waiting else {}
    while waiting:
        ready = [unit for unit in waiting.values() if unit.parent not in waiting]
        for unit in ready:
            del waiting[unit.code]
            stored = existing.get(unit.code) or Unit(code=unit.code)
            _copy(unit, stored, ("name", "kind", "parent", "latitude", "longitude"))
            session.add(stored)
        session.flush()


def _apply_people(session: Session, items: Sequence[Item[KnownPerson]], today: date) -> None:
    todo = [item for item in items if item.effect != "same"]
    if not todo:
        return
    stored = {person.id: person for person in session.scalars(select(Person))}
    posts = _newest_posts(session.scalars(select(Assignment).order_by(Assignment.from_day, Assignment.id)))
    for item in todo:
        person = stored.get(item.after.id) or Person(id=item.after.id)
        _copy(item.after, person, ("name", "status", "number", "internal_number", "left_on"))
        session.add(person)
    session.flush()
    for item in todo:
        for kind in ("main", "second"):
            newest = posts.get((item.after.id, kind))
            _move(session, newest, item.after, kind, today)
    session.flush()


def _move(session: Session, newest: Assignment | None, person: KnownPerson, kind: str, today: date) -> None:
    """Bring the newest assignment of a kind to what it should be; history is kept, days before are not touched."""
    post: Post | None = getattr(person, kind)
    if post == _as_post(newest):
        return
    if post is None:
        _end(session, newest, today)
        return
    over = newest is not None and newest.until_day is not None and newest.until_day < post.from_day
    if newest is not None and not over and (newest.unit == post.unit or newest.from_day >= post.from_day):
        newest.unit, newest.from_day, newest.until_day = post.unit, post.from_day, post.until_day
        return
    if not over:
        _end(session, newest, post.from_day)
    session.add(
        Assignment(person=person.id, unit=post.unit, kind=kind, from_day=post.from_day, until_day=post.until_day)
    )


def _end(session: Session, assignment: Assignment | None, today: date) -> None:
    """Yesterday was its last day; one that starts today or later never was."""
    if assignment is None:
        return
    if assignment.from_day >= today:
        session.delete(assignment)
    else:
        assignment.until_day = today - timedelta(days=1)


def _copy(source: object, target: object, names: Iterable[str]) -> None:
    for name in names:
        setattr(target, name, getattr(source, name))

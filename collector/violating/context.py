"""What the detectors know besides records: people and their units, where units lie, where kiosks hang."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.people.numbers import Status
from collector.rules.codes import Category
from collector.rules.evidence import Assignment, Person, Spot
from collector.store import people as tables

CATEGORIES = {
    Status.PNS: Category.PNS,
    Status.PPPK: Category.PPPK,
    Status.PPPK_PART_TIME: Category.PPPK_PARUH_WAKTU,
    Status.HONORARY_TEACHER: Category.HONORER_GURU,
    Status.HONORARY: Category.HONORER_DINAS,
}
LETTER = "assignment"


@dataclass(frozen=True, slots=True)
class Context:
    """`people` by id, `spots` by unit, `kiosk_units` by kiosk."""

    people: Mapping[str, Person]
    spots: Mapping[str, Spot]
    kiosk_units: Mapping[str, str]


def read_context(session: Session) -> Context:
    """Everything, in four queries: it is small beside the records, and detectors may need anybody."""
    units = session.execute(
        select(tables.Unit.code, tables.Unit.parent, tables.Unit.latitude, tables.Unit.longitude)
    ).all()
    above = {code: parent for code, parent, _, _ in units}
    return Context(
        people=_people(session, {code: _path(code, above) for code in above}),
        spots={code: Spot(lat=lat, lon=lon) for code, _, lat, lon in units if lat is not None and lon is not None},
        kiosk_units={kiosk: unit for kiosk, unit in session.execute(select(tables.Kiosk.id, tables.Kiosk.unit))},  # noqa: C416 - dict() loses the row's types
    )


def _people(session: Session, paths: Mapping[str, tuple[str, ...]]) -> dict[str, Person]:
    a = tables.Assignment
    posts: dict[str, list[Assignment]] = defaultdict(list)
    for person, unit, kind, since, until, number in session.execute(
        select(a.person, a.unit, a.kind, a.from_day, a.until_day, a.letter).order_by(a.id)
    ):
        main = kind == "main"
        letter = "" if main else number or LETTER
        posts[person].append(Assignment(units=paths[unit], since=since, until=until, main=main, letter=letter))
    return {
        person: Person(id=person, category=_category(status), pattern="", assignments=tuple(posts[person]))
        for person, status in session.execute(select(tables.Person.id, tables.Person.status))
    }


def _category(status: str) -> Category:
    """Detectors do not look at it; a status that nobody knows is no reason to stop."""
    try:
        return CATEGORIES[Status.parse(status)]
    except ValueError:
        return Category.HONORER_DINAS


def _path(code: str, above: Mapping[str, str | None]) -> tuple[str, ...]:
    """A unit and those above it, cut where it would go round in a ring."""
    path: list[str] = []
    here: str | None = code
    while here is not None and here in above and here not in path:
        path.append(here)
        here = above[here]
    return tuple(path)

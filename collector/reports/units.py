"""The units by who is above whom, for reports that add up to the OPD."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.people.scope import Tree
from collector.store.people import Unit

OPD = frozenset(("opd", "kecamatan"))
"""Kinds of unit that a report names; a kecamatan is an OPD of its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A unit."""

    code: str
    name: str
    kind: str
    parent: str | None


class Units:
    """All units, and what lies above and below each."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = {place.code: place for place in places}
        self._tree = Tree(self.places.values())

    def name(self, code: str) -> str:
        """The unit's name; its code where nobody knows it any more."""
        return self.places[code].name if code in self.places else code

    def below(self, code: str) -> frozenset[str]:
        """The unit and all below it."""
        return self._tree.below(code)

    def children(self, code: str | None) -> list[Place]:
        """The units right below, by name; of None those that nothing is above."""
        found = [each for each in self.places.values() if (each.parent if each.parent in self.places else None) == code]
        return sorted(found, key=lambda each: (each.name, each.code))

    def path(self, code: str) -> list[Place]:
        """From the top down to the unit itself; a ring of units ends the walk."""
        found: list[Place] = []
        at: str | None = code
        while at in self.places and self.places[at] not in found:
            found.insert(0, self.places[at])
            at = self.places[at].parent
        return found

    def opd(self, code: str) -> str:
        """Code of the highest OPD above the unit, or of the top where none is an OPD."""
        path = self.path(code)
        return next((each.code for each in path if each.kind in OPD), path[0].code if path else code)


def read_units(session: Session) -> Units:
    """One query."""
    rows = session.execute(select(Unit.code, Unit.name, Unit.kind, Unit.parent))
    return Units(Place(*row) for row in rows)

"""Choosing a unit on a page: the units that the asker sees, as a tree laid flat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.people.scope import Tree
from collector.store.people import Unit
from collector.web.access import reach, unit_asked


@dataclass(frozen=True, slots=True)
class UnitOption:
    """A unit to choose; `depth` below the first one the asker sees."""

    code: str
    name: str
    depth: int


class Units:
    """The units in the asker's reach. Two queries, however many there are."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(select(Unit.code, Unit.kind, Unit.parent, Unit.name).order_by(Unit.name)).all()
        self._names: dict[str, str] = {row.code: row.name for row in rows}
        self._tree = Tree(rows)
        self._reach = reach(session)
        self._below: dict[str | None, list[str]] = defaultdict(list)
        for row in rows:
            self._below[row.parent].append(row.code)

    def options(self) -> list[UnitOption]:
        """Every unit in reach, each before those below it."""
        return list(self._walk(None, 0, set()))

    def name(self, code: str) -> str:
        """What a unit is called; its code where it is not known."""
        return self._names.get(code, code)

    def below(self, code: str) -> frozenset[str]:
        """A unit and those below it, as far as they are in reach; empty for one that is not."""
        if code not in self._names or (self._reach is not None and code not in self._reach):
            return frozenset()
        return self._tree.below(code)

    def above(self, code: str) -> list[str]:
        """Codes of the units above one, in reach or not: what is declared of them holds for it too."""
        parents = {child: parent for parent, children in self._below.items() for child in children}
        found: list[str] = []
        at = parents.get(code)
        while at is not None and at not in found:
            found.append(at)
            at = parents.get(at)
        return found

    def _walk(self, parent: str | None, depth: int, passed: set[str]) -> Iterator[UnitOption]:
        for code in self._below.get(parent, ()):
            if code in passed:
                continue
            passed.add(code)
            seen = self._reach is None or code in self._reach
            if seen:
                yield UnitOption(code, self._names[code], depth)
            yield from self._walk(code, depth + seen, passed)


def one_unit(session: Session) -> str:
    """Code of `?unit=`, else the asker's own. Answers 404 for none, for one that is not there or out of reach."""
    code = unit_asked(session)
    if not code or not Units(session).below(code):
        abort(404, "no such unit")
    return code

"""Units, kiosks and who could have used which, read once a run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from collector.judging.entries import EntryKind
from collector.judging.marks import local_date
from collector.people.scope import Scope, Tree
from collector.rules.evidence import KioskState
from collector.store.hours import Entry
from collector.store.people import Kiosk, Unit
from collector.store.results import KioskMark


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A unit as scopes need it."""

    code: str
    kind: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class KnownKiosk:
    """A kiosk as days need it. `scope`: units it knows people of; `own`: its unit and those below; in use from `since` to
    before `until`, dates."""

    id: str
    scope: frozenset[str]
    own: frozenset[str]
    since: date
    until: date | None
    complete_until: datetime | None
    finished: bool


class Organisation:
    """The units and kiosks of the regency as they are now."""

    def __init__(self, units: list[KnownUnit], kiosks: list[KnownKiosk]) -> None:
        self.kinds = {unit.code: unit.kind for unit in units}
        self.tree = Tree(units)
        self.kiosks = {kiosk.id: kiosk for kiosk in kiosks}
        self._parents = {unit.code: unit.parent for unit in units}
        self._paths: dict[str, tuple[str, ...]] = {}
        self._near: dict[frozenset[str], tuple[KnownKiosk, ...]] = {}
        self._knowing: dict[str, list[KnownKiosk]] = defaultdict(list)
        for kiosk in sorted(kiosks, key=lambda each: each.id):
            for unit in kiosk.scope:
                self._knowing[unit].append(kiosk)

    def path(self, unit: str) -> tuple[str, ...]:
        """A unit and those above it."""
        if unit not in self._paths:
            passed: list[str] = []
            code: str | None = unit
            while code is not None and code not in passed:
                passed.append(code)
                code = self._parents.get(code)
            self._paths[unit] = tuple(passed)
        return self._paths[unit]

    def near(self, units: frozenset[str]) -> tuple[KnownKiosk, ...]:
        """The kiosks that know people of any of these units, at whatever time."""
        if units not in self._near:
            found = {kiosk.id: kiosk for unit in units for kiosk in self._knowing.get(unit, ())}
            self._near[units] = tuple(found[name] for name in sorted(found))
        return self._near[units]

    def states(self, units: frozenset[str], day: date) -> tuple[KioskState, ...]:
        """The kiosks that people of these units could have used on that date."""
        return tuple(
            KioskState(
                kiosk=kiosk.id,
                complete_until=kiosk.complete_until,
                at_place=not units.isdisjoint(kiosk.own),
                finished=kiosk.finished,
            )
            for kiosk in self.near(units)
            if kiosk.since <= day and (kiosk.until is None or day < kiosk.until)
        )


def read_organisation(connection: Connection) -> Organisation:
    """Four queries, however many units and kiosks there are."""
    units = [KnownUnit(*row) for row in connection.execute(select(Unit.code, Unit.kind, Unit.parent))]
    tree = Tree(units)
    finished = set(
        connection.scalars(
            select(Entry.kiosk).where(Entry.kind == EntryKind.FINISHED.value, Entry.withdrawn_at.is_(None))
        )
    )
    rows = connection.execute(
        select(Kiosk.id, Kiosk.unit, Kiosk.scope, Kiosk.registered_at, Kiosk.retired_at, KioskMark.complete_until)
        .outerjoin(KioskMark, KioskMark.kiosk == Kiosk.id)
        .order_by(Kiosk.id)
    )
    kiosks = [
        KnownKiosk(
            id=name,
            scope=tree.in_scope(unit, Scope(scope)),
            own=tree.below(unit),
            since=local_date(registered),
            until=local_date(retired) if retired else None,
            complete_until=complete,
            finished=name in finished,
        )
        for name, unit, scope, registered, retired, complete in rows
    ]
    return Organisation(units, kiosks)

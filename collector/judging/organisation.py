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
from collector.rules.serving import NEVER
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

    def in_use(self, day: date) -> bool:
        """Whether people could use it on that date."""
        return self.since <= day and (self.until is None or day < self.until)


class Organisation:
    """The units and kiosks of the regency as they are now.

    Made anew for every few hundred days that are judged, so what it prepares is shared by all who can use the same kiosks:
    an OPD may have hundreds of schools, each with a kiosk that knows the people of all.
    """

    def __init__(self, units: list[KnownUnit], tree: Tree, kiosks: list[KnownKiosk]) -> None:
        """`tree`: of these units. Kiosks of one scope share one set of units."""
        self.kinds = {unit.code: unit.kind for unit in units}
        self.tree = tree
        self.kiosks = {kiosk.id: kiosk for kiosk in kiosks}
        self._parents = {unit.code: unit.parent for unit in units}
        self._paths: dict[str, tuple[str, ...]] = {}
        self._scopes: dict[frozenset[str], list[KnownKiosk]] = defaultdict(list)
        self._owners: dict[str, list[KnownKiosk]] = defaultdict(list)
        for kiosk in sorted(kiosks, key=lambda each: each.id):
            self._scopes[kiosk.scope].append(kiosk)
            for unit in kiosk.own:
                self._owners[unit].append(kiosk)
        self._near: dict[tuple[frozenset[str], ...], tuple[KnownKiosk, ...]] = {}
        self._least: dict[tuple[tuple[frozenset[str], ...], date], list[KnownKiosk]] = {}

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
        scopes = self._reaching(units)
        if scopes not in self._near:
            found = (kiosk for scope in scopes for kiosk in self._scopes[scope])
            self._near[scopes] = tuple(sorted(found, key=lambda each: each.id))
        return self._near[scopes]

    def at_place(self, units: frozenset[str]) -> list[KnownKiosk]:
        """The kiosks that hang at one of these units, or above it, at whatever time."""
        found = {kiosk.id: kiosk for unit in units for kiosk in self._owners.get(unit, ())}
        return [found[name] for name in sorted(found)]

    def states(self, units: frozenset[str], day: date) -> tuple[KioskState, ...]:
        """The kiosks that people of these units could have used on that date."""
        return tuple(_state(kiosk, units) for kiosk in self.near(units) if kiosk.in_use(day))

    def waited_for(self, units: frozenset[str], day: date) -> tuple[KioskState, ...]:
        """Those of `states` on which it depends whether the day can be judged: the ones at the place, and of the others
        the one that is least complete."""
        least = self._least_complete(units, day)
        other = next((kiosk for kiosk in least if units.isdisjoint(kiosk.own)), None)
        found = [kiosk for kiosk in self.at_place(units) if kiosk.in_use(day)] + ([other] if other else [])
        return tuple(_state(kiosk, units) for kiosk in sorted(found, key=lambda each: each.id))

    def _least_complete(self, units: frozenset[str], day: date) -> list[KnownKiosk]:
        """The kiosks that know these people on that date and may still say something, the least complete first."""
        key = self._reaching(units), day
        if key not in self._least:
            serving = [kiosk for kiosk in self.near(units) if kiosk.in_use(day) and not kiosk.finished]
            self._least[key] = sorted(serving, key=lambda each: (each.complete_until or NEVER, each.id))
        return self._least[key]

    def _reaching(self, units: frozenset[str]) -> tuple[frozenset[str], ...]:
        return tuple(scope for scope in self._scopes if not scope.isdisjoint(units))


def _state(kiosk: KnownKiosk, units: frozenset[str]) -> KioskState:
    return KioskState(
        kiosk=kiosk.id,
        complete_until=kiosk.complete_until,
        at_place=not units.isdisjoint(kiosk.own),
        finished=kiosk.finished,
    )


def read_organisation(connection: Connection, as_if: frozenset[str] = frozenset()) -> Organisation:
    """Three queries, however many units and kiosks there are. `as_if`: kiosks to take as finished beside those that are."""
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
            finished=name in finished or name in as_if,
        )
        for name, unit, scope, registered, retired, complete in rows
    ]
    return Organisation(units, tree, kiosks)

"""What an import would change: rows of a file against what the centre has. Pure."""

from __future__ import annotations

import difflib
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Generic, TypeVar

from collector.people.rows import Bad, PersonRow, UnitRow

T = TypeVar("T", "KnownPerson", "KnownUnit")

IMPORT_UNITS = "import the units first"
LIKE_NAMES = 0.6
"""From this share of common letters on (difflib's ratio) two names may be one: `Siti Rahayu` and `Siti Rahayuningsih` have 0.76."""

MOST_HINTS = 100
"""Unknown units of one file for which one like them is looked for; each takes some milliseconds."""


@dataclass(frozen=True, slots=True)
class Post:
    """Work at a unit between two days, both included; `until_day` None is open."""

    unit: str
    from_day: date
    until_day: date | None


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person as the centre has them: `main` and `second` are their newest posts of each kind; `nik`: whether it has one."""

    id: str
    name: str
    status: str
    number: str | None
    internal_number: str | None
    left_on: date | None
    main: Post | None
    second: Post | None
    nik: bool = False


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A unit as the centre has it."""

    code: str
    name: str
    kind: str
    parent: str | None
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One good row: what was there, what would be, and what a human should look at."""

    line: int
    before: T | None
    after: T
    warnings: tuple[str, ...] = ()

    @property
    def effect(self) -> str:
        """`new`, `changed` or `same`."""
        if self.before is None:
            return "new"
        return "same" if self.before == self.after else "changed"

    @property
    def changes(self) -> tuple[str, ...]:
        """Names of the fields that would change."""
        if self.before is None:
            return ()
        names = [field.name for field in fields(self.after)]
        return tuple(name for name in names if getattr(self.before, name) != getattr(self.after, name))


@dataclass(frozen=True, slots=True)
class Plan(Generic[T]):
    """Every row of a file: the good ones, and those set aside."""

    items: tuple[Item[T], ...]
    bad: tuple[Bad, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by what would become of them, and the number of warnings."""
        effects = Counter(item.effect for item in self.items)
        warnings = sum(len(item.warnings) for item in self.items)
        return {
            **{effect: effects[effect] for effect in ("new", "changed", "same")},
            "set_aside": len(self.bad),
            "warnings": warnings,
        }


def new_id() -> str:
    """A person's id: random, so that nobody can learn a NIP from it, nor guess another's."""
    return f"p-{secrets.token_hex(8)}"


def plan_people(
    rows: Iterable[PersonRow | Bad], known: Iterable[KnownPerson], units: Iterable[str], today: date
) -> Plan[KnownPerson]:
    """What importing these people would do. `units`: the codes that exist; `today`: first day of what is new."""
    planner = _People(known, frozenset(units), today)
    return _sorted(planner.plan(row) if isinstance(row, PersonRow) else row for row in rows)


def plan_units(rows: Iterable[UnitRow | Bad], known: Mapping[str, KnownUnit]) -> Plan[KnownUnit]:
    """What importing these units would do; parents may stand further down the file."""
    outcomes: list[Item[KnownUnit] | Bad] = []
    seen: dict[str, int] = {}
    for row in rows:
        if isinstance(row, UnitRow) and row.code in seen:
            outcomes.append(Bad(row.line, (f"unit {row.code} is in line {seen[row.code]} already; keep one",)))
        elif isinstance(row, UnitRow):
            seen[row.code] = row.line
            before = known.get(row.code)
            outcomes.append(Item(row.line, before, _unit_after(row, before)))
        else:
            outcomes.append(row)
    return _sorted(_with_sound_parents(outcomes, known))


class _People:
    """Finds for each row the person it is about; remembers what earlier rows of the file claimed."""

    def __init__(self, known: Iterable[KnownPerson], units: frozenset[str], today: date) -> None:
        everybody = list(known)
        self._by_own = {person.internal_number: person for person in everybody if person.internal_number}
        self._by_number = {person.number: person for person in everybody if person.number}
        self._units = units
        self._today = today
        self._claimed: dict[str, int] = {}
        self._hints: dict[str, str] = {}

    def plan(self, row: PersonRow) -> Item[KnownPerson] | Bad:
        """The row's effect, or why it cannot be taken."""
        own = self._by_own.get(row.id or "")
        numbered = self._by_number.get(row.number or "")
        before = own or numbered
        errors = [*self._missing_units(row), *_contradictions(row, own, numbered), *self._claims(row, before)]
        if errors:
            return Bad(row.line, tuple(errors))
        after = _person_after(row, before, self._today)
        gone = after.left_on is not None and "left" not in row.given
        left = (f"left on {after.left_on:%d-%m-%Y}; if they are back, give an empty column `keluar`",) if gone else ()
        return Item(row.line, before, after, (*row.warnings, *_other_name(row, before), *left))

    def _missing_units(self, row: PersonRow) -> list[str]:
        return [
            f"unit {code} is not known; {self._hint(code)}"
            for code in (row.unit, row.second)
            if code is not None and code not in self._units
        ]

    def _hint(self, code: str) -> str:
        """Looked for once a code, and not for ever: a file with its columns shifted has thousands."""
        if code not in self._hints and len(self._hints) < MOST_HINTS:
            self._hints[code] = _near(code, self._units)
        return self._hints.get(code, IMPORT_UNITS)

    def _claims(self, row: PersonRow, before: KnownPerson | None) -> list[str]:
        """Errors where an earlier row is about the same id, number or person."""
        claims = [f"id {row.id}"] * (row.id is not None) + [f"NIP {row.number}"] * (row.number is not None)
        if before is not None:
            claims.append(f"person {before.id}")
        taken = next((claim for claim in claims if claim in self._claimed), None)
        if taken is not None:
            return [f"{taken} is in line {self._claimed[taken]} already; keep one"]
        self._claimed |= dict.fromkeys(claims, row.line)
        return []


def _other_name(row: PersonRow, before: KnownPerson | None) -> tuple[str, ...]:
    """A warning where the name under a known number is another one altogether; titles and spelling make none."""
    if before is None or before.name == row.name:
        return ()
    one, other = (name.partition(",")[0].casefold() for name in (before.name, row.name))
    if difflib.SequenceMatcher(None, one, other).ratio() >= LIKE_NAMES:
        return ()
    was, now = before.name, row.name
    return (f"called {was} here, {now} in the file, under the same number; check whether it is one person",)


def _contradictions(row: PersonRow, own: KnownPerson | None, numbered: KnownPerson | None) -> list[str]:
    if own is not None and numbered is not None and own.id != numbered.id:
        return [f"id {row.id} and NIP {row.number} belong to two people; correct one"]
    if own is None and numbered is not None and row.id and numbered.internal_number:
        return [f"NIP {row.number} belongs to id {numbered.internal_number}, not {row.id}; correct one"]
    return []


def _person_after(row: PersonRow, before: KnownPerson | None, today: date) -> KnownPerson:
    main = _post(before.main if before else None, row.unit, row, today)
    second = before.second if before else None
    if "second" in row.given:
        bare = replace(row, from_day=None, until_day=None, given=frozenset())
        second = _post(second, row.second, bare, today) if row.second else _closed(second, today)
    return KnownPerson(
        id=before.id if before else new_id(),
        name=row.name,
        status=row.status.value,
        number=row.number,
        internal_number=row.id or (before.internal_number if before else None),
        left_on=row.left_on if "left" in row.given or before is None else before.left_on,
        main=main,
        second=second,
        nik=row.nik is not None or (before is not None and before.nik),
    )


def _post(before: Post | None, unit: str, row: PersonRow, today: date) -> Post:
    """The post after the row. One that had ended is not opened again: the days between stay free of it."""
    kept = before
    if before is not None:
        ended = before.until_day is not None and before.until_day < today
        if before.unit != unit or (ended and row.until_day != before.until_day):
            kept = None
    from_day = row.from_day or (kept.from_day if kept else today)
    until_day = row.until_day if "until" in row.given else (kept.until_day if kept else None)
    return Post(unit, from_day, None if until_day and until_day < from_day else until_day)


def _closed(post: Post | None, today: date) -> Post | None:
    """A post that the file no longer has: None where it is open, itself where it had ended anyway."""
    return post if post is not None and post.until_day is not None and post.until_day < today else None


def _unit_after(row: UnitRow, before: KnownUnit | None) -> KnownUnit:
    after = KnownUnit(row.code, row.name, row.kind, row.parent, row.latitude, row.longitude)
    if before is None:
        return after
    absent = {"kind", "parent", "latitude", "longitude"} - row.given
    return replace(after, **{name: getattr(before, name) for name in absent})


def _with_sound_parents(
    outcomes: list[Item[KnownUnit] | Bad], known: Mapping[str, KnownUnit]
) -> list[Item[KnownUnit] | Bad]:
    """Set rows aside whose parent is missing or that would be above themselves, until none is left."""
    while True:
        parents = {code: unit.parent for code, unit in known.items()}
        parents |= {item.after.code: item.after.parent for item in outcomes if isinstance(item, Item)}
        checked = [_with_sound_parent(one, parents) if isinstance(one, Item) else one for one in outcomes]
        if checked == outcomes:
            return checked
        outcomes = checked


def _with_sound_parent(item: Item[KnownUnit], parents: Mapping[str, str | None]) -> Item[KnownUnit] | Bad:
    parent, passed = item.after.parent, {item.after.code}
    if parent is not None and parent not in parents:
        return Bad(item.line, (f"parent {parent} is not known or was set aside; {_near(parent, parents)}",))
    while parent is not None and parent not in passed:
        passed.add(parent)
        parent = parents.get(parent)
    if parent == item.after.code:
        return Bad(item.line, (f"unit {parent} would lie above itself; correct its parent",))
    return item


def _near(code: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(code, list(known), n=1)
    return f"did you mean {near[0]}?" if near else IMPORT_UNITS


def _sorted(outcomes: Iterable[Item[T] | Bad]) -> Plan[T]:
    items: list[Item[T]] = []
    bad: list[Bad] = []
    for one in outcomes:
        if isinstance(one, Bad):
            bad.append(one)
        else:
            items.append(one)
    return Plan(tuple(items), tuple(bad))

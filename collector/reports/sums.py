"""Sums of judged days: by unit, by date, by month. All from `unit_days`, never from people's days."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, Label, cast, func, literal, select
from sqlalchemy.orm import Session

from collector.rules.codes import EARLY, LATE, Code
from collector.store.sums import CODE_COLUMNS, OTHER_COLUMNS, UNIT_DAYS

NAMES = (*CODE_COLUMNS.values(), *OTHER_COLUMNS)
RATES = (*(CODE_COLUMNS[code] for code in (*LATE, Code.TK)), "people", "working", "open")
"""What the shares of late and absent are reckoned from."""
LEAVE = (Code.CT, Code.CS, Code.CM, Code.CAP, Code.CB, Code.CLTN, Code.I)
DUTY = (Code.DL, Code.DK, Code.TB, Code.WFH, Code.WFA)
OFF = (Code.LB, Code.LJ, Code.CBER)


@dataclass(frozen=True, slots=True)
class Sums:
    """Person-days by what they became. `counts`: by the columns of `unit_days`; what is not in it is 0."""

    counts: Mapping[str, int]

    def of(self, *codes: Code) -> int:
        """Person-days with these codes, of which a day carries one at most."""
        return sum(self.counts.get(CODE_COLUMNS[code], 0) for code in codes)

    def __getitem__(self, name: str) -> int:
        return self.counts.get(name, 0)

    @property
    def people(self) -> int:
        """With a result."""
        return self["people"]

    @property
    def seen(self) -> int:
        """At work by a look, of open days too."""
        return self.of(Code.H)

    @property
    def late(self) -> int:
        """Late in any band."""
        return self.of(*LATE)

    @property
    def early(self) -> int:
        """Left early in any band."""
        return self.of(*EARLY)

    @property
    def absent(self) -> int:
        """Without reason."""
        return self.of(Code.TK)

    @property
    def leave(self) -> int:
        """On leave or with permission."""
        return self.of(*LEAVE)

    @property
    def duty(self) -> int:
        """At work elsewhere: travel, training, from home."""
        return self.of(*DUTY)

    @property
    def off(self) -> int:
        """Not asked to come."""
        return self.of(*OFF)

    @property
    def waiting(self) -> int:
        """Open and not seen yet."""
        return self["open"] - self["open_seen"]

    def share(self, name: str) -> float:
        """Per hundred of the working days that are settled; 0 where there are none. `name`: late, early, absent, seen."""
        settled = self["working"] - self["open"]
        counted: int = getattr(self, name) - (self["open_seen"] if name == "seen" else 0)
        return 100 * counted / settled if settled > 0 else 0.0


def added(several: Iterable[Sums]) -> Sums:
    """The sums of sums."""
    whole: dict[str, int] = {}
    for each in several:
        for name, count in each.counts.items():
            whole[name] = whole.get(name, 0) + count
    return Sums(whole)


def by_unit(
    session: Session, since: date, until: date, units: Collection[str] | None = None, names: Sequence[str] = NAMES
) -> dict[str, Sums]:
    """Sums of each unit alone between two dates, both included; `names`: of these columns alone. One query."""
    return {key: sums for (key,), sums in _grouped(session, (UNIT_DAYS.c.unit,), since, until, units, names)}


def by_week(
    session: Session, first: date, until: date, units: Collection[str] | None = None, names: Sequence[str] = NAMES
) -> list[dict[str, Sums]]:
    """Sums of each unit alone of every seven days from `first` on, in order; the last end with `until`. One query, however
    many weeks there are."""
    found: list[dict[str, Sums]] = [{} for _ in range((until - first).days // 7 + 1)]
    keys = (_week(session, first).label("week"), UNIT_DAYS.c.unit)
    for (index, unit), sums in _grouped(session, keys, first, until, units, names):
        found[index][unit] = sums
    return found


def _week(session: Session, first: date) -> ColumnElement[int]:
    """Number of the week that a day lies in, as each database reckons with dates; to compare it with every Monday costs PostgreSQL
    thrice as much."""
    day = UNIT_DAYS.c.day
    if session.get_bind().dialect.name == "sqlite":
        return cast(func.julianday(day) - func.julianday(first.isoformat()), Integer) // 7
    return day.op("-", return_type=Integer())(literal(first, Date())) // 7


def by_day(session: Session, since: date, until: date, units: Collection[str] | None = None) -> dict[date, Sums]:
    """Sums of each date over these units, or all. One query."""
    return {key: sums for (key,), sums in _grouped(session, (UNIT_DAYS.c.day,), since, until, units)}


def _grouped(  # noqa: PLR0913, PLR0917 - what by what, when, of whom
    session: Session,
    keys: tuple[ColumnElement[Any], ...],
    since: date,
    until: date,
    units: Collection[str] | None,
    names: Sequence[str] = NAMES,
) -> Iterable[tuple[tuple[Any, ...], Sums]]:
    query = (
        select(*keys, *(func.sum(UNIT_DAYS.c[name]) for name in names))
        .where(UNIT_DAYS.c.day >= since, UNIT_DAYS.c.day <= until)
        .group_by(*(key.name if isinstance(key, Label) else key for key in keys))
    )
    if units is not None:
        query = query.where(UNIT_DAYS.c.unit.in_(sorted(units)))
    for row in session.execute(query):
        counts = {name: int(count) for name, count in zip(names, row[len(keys) :], strict=True) if count}
        yield tuple(row[: len(keys)]), Sums(counts)


def newest_day(session: Session, until: date) -> date | None:
    """The last date up to `until` that has any judged day."""
    newest: date | None = session.scalar(select(func.max(UNIT_DAYS.c.day)).where(UNIT_DAYS.c.day <= until))
    return newest

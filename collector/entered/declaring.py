"""BKD declares: a disaster by decree, a kiosk finished. Each is an entry with its reason, and taken back by another step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select

from collector.judging import entries
from collector.judging.entries import EntryKind, Finished
from collector.judging.errors import EntryError
from collector.judging.marks import ONE_DAY, local_midnight
from collector.rules.evidence import Disaster
from collector.store.hours import Entry
from collector.store.people import Kiosk, Unit

LONGEST = timedelta(days=92)
"""A disaster that lasts longer is declared anew: three months on, somebody looks again."""

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Calamity:
    """A disaster as it is declared: at these units and those below (none: the whole regency), both dates included."""

    units: tuple[str, ...]
    since: date
    until: date
    name: str
    decree: str


def declare_disaster(connection: Connection, calamity: Calamity, by: str, now: datetime) -> list[str]:
    """Have the days of these units excuse themselves; ids, an entry a unit. Raises EntryError."""
    _check(calamity)
    known = set(connection.scalars(select(Unit.code)))
    unknown = sorted(set(calamity.units) - known)
    if unknown:
        raise EntryError(f"unit {unknown[0]!r} is not known: name one by its code")
    units = sorted(set(calamity.units)) or _tops(connection)
    start, end = local_midnight(calamity.since), local_midnight(calamity.until + ONE_DAY)
    name = f"{calamity.name.strip()} ({calamity.decree.strip()})"
    facts = [Disaster(unit=unit, since=start, until=end, name=name) for unit in units]
    return [entries.enter(connection, fact, by, calamity.decree.strip(), now) for fact in facts]


def _check(calamity: Calamity) -> None:
    if not calamity.name.strip() or not calamity.decree.strip():
        raise EntryError("a disaster needs what it is and the number of its decree: name both")
    if len(calamity.name) > LONGEST_NAME:
        raise EntryError(f"a name of {len(calamity.name)} characters: {LONGEST_NAME} at most")
    if not timedelta() <= calamity.until - calamity.since < LONGEST:
        raise EntryError(
            f"from {calamity.since} to {calamity.until}: the end comes after the start, within {LONGEST.days} days; "
            "a longer one is declared anew"
        )


def _tops(connection: Connection) -> Sequence[str]:
    """The units that nothing is above."""
    return list(connection.scalars(select(Unit.code).where(Unit.parent.is_(None)).order_by(Unit.code)))


def declare_finished(connection: Connection, kiosk: str, by: str, why: str, now: datetime) -> str:
    """Wait for this kiosk no more: what it has not said by now is silence of a machine and excuses. Raises EntryError."""
    held = select(Kiosk.id).where(Kiosk.id == kiosk).with_for_update(key_share=True)  # of two at once one declares it
    if connection.scalar(held) is None:
        raise EntryError(f"kiosk {kiosk!r} is not known: `siperlu day waiting` names those that days wait for")
    if finished(connection, kiosk) is not None:
        raise EntryError(f"kiosk {kiosk} was declared finished already: withdraw that first, if it is back")
    return entries.enter(connection, Finished(kiosk=kiosk), by, why.strip(), now)


def finished(connection: Connection, kiosk: str) -> str | None:
    """Id of the entry by which a kiosk is finished, or None."""
    return connection.scalar(
        select(Entry.id).where(
            Entry.kind == EntryKind.FINISHED.value, Entry.kiosk == kiosk, Entry.withdrawn_at.is_(None)
        )
    )

"""What must be judged again: written in the transaction of the change, read and deleted when it is judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, insert, text

from collector.rules.hours import WIB
from collector.store.results import Touched

ONE_DAY = timedelta(days=1)
JUDGE_LOCK = 0x534A554447  # any number that only judging takes


class Whose(StrEnum):
    """Whom a mark is about."""

    ALL = "all"
    UNIT = "unit"  # people of a unit and those below
    KIOSK = "kiosk"  # people who could have used it
    PERSON = "person"
    WAITING = "waiting"  # the open days of people who could have used that kiosk, as far as it is complete now


@dataclass(frozen=True, slots=True)
class Mark:
    """Days from `since` to `until`, both included, of those whom `kind` and `subject` name."""

    kind: Whose
    subject: str
    since: date
    until: date


def touch(connection: Connection, marks: Iterable[Mark]) -> None:
    """Have these days judged again; the same mark twice is one."""
    rows = [_row(mark) for mark in sorted(set(marks), key=lambda one: (one.kind, one.subject, one.since, one.until))]
    if rows:
        connection.execute(insert(Touched), rows)


def _row(mark: Mark) -> dict[str, object]:
    """By hand: `asdict` copies deeply, and there are thousands after a night."""
    return {"kind": mark.kind.value, "subject": mark.subject, "since": mark.since, "until": mark.until}


def take_turns(connection: Connection) -> None:
    """Until this transaction ends no other process judges."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": JUDGE_LOCK})


def local_date(moment: datetime) -> date:
    """The date in WIB."""
    return moment.astimezone(WIB).date()


def dates_near(earliest: datetime, latest: datetime) -> tuple[date, date]:
    """The work dates that something between these moments can touch: a night shift reaches into the next day, and one
    that starts after midnight is looked in for before it."""
    return local_date(earliest) - ONE_DAY, local_date(latest) + ONE_DAY


def local_midnight(day: date) -> datetime:
    """The first moment of a local date, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=WIB).astimezone(UTC)

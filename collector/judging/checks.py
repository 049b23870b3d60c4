"""Closed spot checks whose people's days were judged again: a rota or a letter that came afterwards may say that somebody was
not to be there, so the detectors look at the check's date anew.

What waits for them stands among their own marks, one row a date; `seen` counts, so that what is asked while they look stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from collector.judging.marks import ONE_DAY
from collector.rules.spotcheck import Seen
from collector.store.spotchecks import SpotCheck, SpotNote
from collector.store.violations import DetectedChain

NO_KIOSK = ""
AGAIN = "spot-checks "
"""Before a date: the mark's name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A date to look at again, as often as it was asked for."""

    day: date
    times: int


def ask_again(connection: Connection, judged: Mapping[date, Collection[str]]) -> None:
    """Have the detectors look at the closed checks that missed somebody whose day, or the one before it, was judged again.

    `judged`: people by date. A shift across midnight is asked of the date on which it begins. Two queries at most.
    """
    if not judged:
        return
    spot, note = SpotCheck, SpotNote
    query = (
        select(spot.day, note.person)
        .join(note, note.spot == spot.id)
        .where(
            spot.day.between(min(judged), max(judged) + ONE_DAY),
            spot.closed_at.is_not(None),
            note.seen == Seen.ABSENT.value,
        )
    )
    touched = {
        day
        for day, person in connection.execute(query.distinct())
        if any(person in judged.get(each, ()) for each in (day - ONE_DAY, day))
    }
    rows = [{"kiosk": NO_KIOSK, "chain": f"{AGAIN}{day}", "upto": 0, "seen": 1} for day in sorted(touched)]
    if rows:
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        once_more = {"seen": DetectedChain.seen + 1}
        statement = dialect.insert(DetectedChain)
        connection.execute(statement.on_conflict_do_update(index_elements=["kiosk", "chain"], set_=once_more), rows)


def asked_again(session: Session) -> tuple[Asked, ...]:
    """The dates that wait. One query."""
    mark = DetectedChain
    query = select(mark.chain, mark.seen).where(mark.kiosk == NO_KIOSK, mark.chain.startswith(AGAIN))
    return tuple(Asked(date.fromisoformat(name.removeprefix(AGAIN)), seen) for name, seen in session.execute(query))


def looked_again(connection: Connection, asked: Sequence[Asked]) -> None:
    """These were looked at; one that was asked for meanwhile goes on waiting."""
    mark = DetectedChain
    for each in asked:
        mine = (mark.kiosk == NO_KIOSK, mark.chain == f"{AGAIN}{each.day}", mark.seen == each.times)
        connection.execute(delete(mark).where(*mine))

"""When a stick came and went, kiosk by kiosk, and who had it: noted by the command and by the pages alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from collector import audit
from collector.sticks import faults
from collector.sticks.giving import Given, registered
from collector.sticks.taking import Taken
from collector.store.sticks import StickVisit

UPLOAD = "upload"
"""What was refused before it was an order."""
MOST_STRANGERS = 20
"""Names that are no kiosk's, noted one by one."""


def came(session: Session, taken: Iterable[Taken], by: str, now: datetime) -> None:
    """What was taken in, by account id or `command:<user>`.

    A kiosk's stick has come when something on it held. One entry of the audit log a kiosk, also for a name that is none of ours; but
    whoever fills a stick with names does not fill the log: of those so many, and one entry for the rest.
    """
    brought = {one.kiosk: one for one in taken if one.files}
    ours = set(registered(session, brought))
    for kiosk in sorted(ours):
        if brought[kiosk].messages > brought[kiosk].set_aside:
            visit = _visit(session, kiosk)
            visit.came_at, visit.came_by = now, by
    strangers = sorted(brought.keys() - ours)
    for kiosk in sorted({*ours, *strangers[:MOST_STRANGERS]}):
        audit.note(session, by, "stick.take", kiosk, _counted([brought[kiosk]]), now)
    if rest := strangers[MOST_STRANGERS:]:
        audit.note(session, by, "stick.take", f"+{len(rest)}", _counted([brought[kiosk] for kiosk in rest]), now)


def refused(session: Session, subject: str, why: str, by: str, now: datetime, files: int = 0) -> None:  # noqa: PLR0913, PLR0917 - who was refused what, and why
    """A stick that was refused as a whole, or one kiosk's folder on it; names of files may be people's, and are left out.

    `subject`: the order's id, the kiosk, or UPLOAD; `why`: a word of `collector.sticks.faults`; `files`: how many were sent.
    """
    audit.note(session, by, "stick.refuse", subject, {"why": why, **({"files": files} if files else {})}, now)


def unreadable(session: Session, kiosks: Iterable[str], by: str, now: datetime) -> None:
    """Folders on a stick itself that could not be read, or hold what no kiosk writes; so many by name, one entry for the rest."""
    names = list(kiosks)
    for name in names[:MOST_STRANGERS]:
        refused(session, name, faults.UNREADABLE, by, now)
    if rest := len(names[MOST_STRANGERS:]):
        refused(session, f"+{rest}", faults.UNREADABLE, by, now)


def _counted(taken: list[Taken]) -> dict[str, str | int]:
    return {
        "count": sum(one.messages for one in taken),
        "added": sum(one.records for one in taken),
        "aside": sum(one.set_aside for one in taken),
    }


def went(session: Session, kiosks: Iterable[str], by: str, now: datetime) -> None:
    """What was due to these kiosks at `now` has left the centre; what is older than what left before changes nothing."""
    for kiosk in registered(session, kiosks):
        visit = _visit(session, kiosk)
        if visit.went_at is None or visit.went_at < now:
            visit.went_at, visit.went_by = now, by


def given(session: Session, gifts: Iterable[Given], by: str, now: datetime) -> None:
    """What was written straight onto a stick."""
    written = list(gifts)
    went(session, [one.kiosk for one in written], by, now)
    for one in written:
        detail = {"receipts": one.receipts, "roster": one.roster, "commands": one.commands}
        audit.note(session, by, "stick.give", one.kiosk, detail, now)


def _visit(session: Session, kiosk: str) -> StickVisit:
    """The kiosk's row, held until the commit: two may come at once."""
    upsert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(upsert(StickVisit).values(kiosk=kiosk).on_conflict_do_nothing())
    return session.get_one(StickVisit, kiosk, with_for_update=True)

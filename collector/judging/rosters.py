"""Since when kiosks could know somebody: from templates, published rosters, what kiosks say they hold, and looks."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, update

from collector.judging.dating import enrol
from collector.judging.marks import Mark, Whose, dates_near, take_turns, touch
from collector.store.people import PublishedEntry, PublishedRoster, Template
from collector.store.records import KioskStatus
from collector.store.results import Enrolled, RosterReach


def note_rosters(connection: Connection) -> None:
    """Note what is new since the last time: first templates, first publication of a face to a kiosk, its arrival there.

    A roster has arrived when the kiosk says that it holds that version or a newer one. Such notes only ever excuse.
    """
    take_turns(connection)
    templates = (
        select(Template.person, func.min(Template.made_at).label("first"))
        .outerjoin(Enrolled, Enrolled.person == Template.person)
        .group_by(Template.person, Enrolled.since)
        .having(or_(Enrolled.since.is_(None), func.min(Template.made_at) < Enrolled.since))
    )
    enrol(connection, {row.person: row.first for row in connection.execute(templates)})
    _published(connection)
    _arrived(connection)


def _published(connection: Connection) -> None:
    new = connection.execute(
        select(PublishedEntry.kiosk, PublishedEntry.person, PublishedRoster.at, PublishedRoster.version)
        .join(PublishedRoster, PublishedRoster.kiosk == PublishedEntry.kiosk)
        .outerjoin(
            RosterReach,
            and_(RosterReach.kiosk == PublishedEntry.kiosk, RosterReach.person == PublishedEntry.person),
        )
        .where(RosterReach.kiosk.is_(None), PublishedEntry.digest != "")
    ).all()
    rows: list[dict[str, Any]] = [
        {"kiosk": kiosk, "person": person, "published_at": at, "version": version} for kiosk, person, at, version in new
    ]
    if rows:
        connection.execute(insert(RosterReach), rows)
        first = ((row["person"], dates_near(row["published_at"], row["published_at"])[0]) for row in rows)
        touch(connection, (Mark(Whose.PERSON, person, since, date.max) for person, since in first))


def _arrived(connection: Connection) -> None:
    reached = connection.execute(
        select(RosterReach.kiosk, RosterReach.person, RosterReach.published_at, KioskStatus.received_at)
        .join(KioskStatus, KioskStatus.kiosk == RosterReach.kiosk)
        .where(RosterReach.reached_at.is_(None), KioskStatus.roster_version >= RosterReach.version)
    ).all()
    rows: list[dict[str, Any]] = [{"k": kiosk, "p": person, "reached_at": at} for kiosk, person, _, at in reached]
    if rows:
        mine = (RosterReach.kiosk == bindparam("k"), RosterReach.person == bindparam("p"))
        connection.execute(update(RosterReach).where(*mine), rows)
        touch(connection, (Mark(Whose.PERSON, person, *dates_near(since, at)) for _, person, since, at in reached))

"""The kiosks as machines, for the people who keep them running: alarms now and before, outages, how well they recognise."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from collector.store.fleet import KioskAlarm, MatchTrend
from collector.store.people import Kiosk
from collector.store.records import KioskStatus
from collector.store.results import KioskOutage

LONG_AGO = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is or was wrong with a kiosk; `until` None: it is."""

    kiosk: str
    kind: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which a kiosk served nobody, as its own records tell; `until` None: it lasts."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Scores:
    """The looks by face of one date: how many, and the mean of their cosines."""

    day: date
    looks: int
    mean: float


@dataclass(frozen=True, slots=True)
class Fleet:
    """All kiosks in service in a few numbers. `alarms`: kiosks by kind; `versions`: kiosks by version."""

    kiosks: int
    troubled: int
    alarms: Mapping[str, int]
    versions: Mapping[str, int]


def fleet(session: Session, units: frozenset[str] | None = None) -> Fleet:
    """The numbers of all kiosks, or of those at some units. Three queries."""
    serving = select(Kiosk.id).where(Kiosk.retired_at.is_(None))
    if units is not None:
        serving = serving.where(Kiosk.unit.in_(sorted(units)))
    names = serving.subquery()
    kiosks = session.scalars(select(func.count()).select_from(names)).one()
    rows = session.execute(
        select(KioskAlarm.kiosk, KioskAlarm.kind)
        .join(names, names.c.id == KioskAlarm.kiosk)
        .where(KioskAlarm.until.is_(None))
    ).all()
    versions = session.execute(
        select(KioskStatus.version, func.count())
        .join(names, names.c.id == KioskStatus.kiosk)
        .group_by(KioskStatus.version)
    )
    return Fleet(
        kiosks=kiosks,
        troubled=len({kiosk for kiosk, _ in rows}),
        alarms=Counter(kind for _, kind in rows),
        versions=dict(sorted((version, count) for version, count in versions)),
    )


def open_alarms(session: Session, kiosks: Iterable[str]) -> dict[str, list[Alarm]]:
    """What is wrong now with each of these kiosks, the oldest first. One query."""
    query = select(KioskAlarm).where(KioskAlarm.until.is_(None), KioskAlarm.kiosk.in_(sorted(kiosks)))
    found: dict[str, list[Alarm]] = defaultdict(list)
    for row in session.scalars(query.order_by(KioskAlarm.since, KioskAlarm.id)):
        found[row.kiosk].append(Alarm(row.kiosk, row.kind, row.since, row.until))
    return found


def missed(alarms: Iterable[Alarm], heard_at: datetime | None) -> bool:
    """Whether a kiosk with these alarms is missed: one of silence is open, and it has not spoken since. Alarms end once a
    minute: who speaks again, or for the first time, is not told meanwhile to have been silent for long."""
    return any(
        one.kind == "silent" and one.until is None and (heard_at is None or heard_at <= one.since) for one in alarms
    )


def alarms_of(session: Session, kiosk: str, limit: int = 50) -> list[Alarm]:
    """The newest alarms of one kiosk, those that last first."""
    order = (KioskAlarm.until.is_not(None), KioskAlarm.since.desc(), KioskAlarm.id.desc())
    rows = session.scalars(select(KioskAlarm).where(KioskAlarm.kiosk == kiosk).order_by(*order).limit(limit))
    return [Alarm(row.kiosk, row.kind, row.since, row.until) for row in rows]


def outages_of(session: Session, kiosk: str, now: datetime, limit: int = 50) -> list[Outage]:
    """The newest outages of one kiosk within three months, those that last first."""
    lately = (KioskOutage.kiosk == kiosk, KioskOutage.since > now - LONG_AGO)
    order = (KioskOutage.until.is_not(None), KioskOutage.since.desc())
    rows = session.execute(select(KioskOutage.since, KioskOutage.until).where(*lately).order_by(*order).limit(limit))
    return [Outage(since, until) for since, until in rows]


def scores_of(session: Session, kiosk: str, since: date) -> list[Scores]:
    """The daily scores of one kiosk from a date on, in order."""
    query = select(MatchTrend.day, MatchTrend.looks, MatchTrend.mean).where(
        MatchTrend.kiosk == kiosk, MatchTrend.day >= since
    )
    return [Scores(*row) for row in session.execute(query.order_by(MatchTrend.day))]

"""The rules that a kiosk's wall shows: the usual hours of its unit, holidays, and the share of sure matches with a picture.

Only so that the wall can say what a look means: nothing is judged at a kiosk, and one without these rules, or with old ones,
records as ever. Published as rosters are: sealed, retained, again after every connection; the version only rises.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.judging.book import Book, read_book
from collector.judging.evidence import usual_pattern
from collector.keys import CentreKeys
from collector.outgoing import Outgoing
from collector.rules.codes import Category
from collector.rules.errors import RulesError
from collector.rules.hours import Week
from collector.settings import CollectorSettings
from collector.store.people import Kiosk, PublishedRoster, PublishedRules, Unit
from wire.messages import RULES, DayHours, Rules
from wire.seals import Sealed, payload_of, peek
from wire.topics import Address

LOG = logging.getLogger(__name__)

WEEK = 7
EVERY_S = 30.0
SERVICE = Category.PNS
"""Whose hours a wall shows: those of most. Whoever has their own knows them, and their day is judged by those."""


class Announcer:
    """Brings what kiosks are told up to date, at most every half minute."""

    def __init__(self, keys: CentreKeys, settings: CollectorSettings, clock: Callable[[], datetime]) -> None:
        self._keys = keys
        self._share = settings.rosters.picture_share
        self._zone = ZoneInfo(settings.web.timezone)
        self._clock = clock
        self._due = 0.0

    def changes(self, session: Session) -> list[Outgoing]:
        """The messages for kiosks whose rules are other ones than they were last given, stored."""
        if time.monotonic() < self._due:
            return []
        self._due = time.monotonic() + EVERY_S
        return self.bring_up(session)

    def bring_up(self, session: Session) -> list[Outgoing]:
        """The same, now."""
        now = self._clock()
        today = now.astimezone(self._zone).date()
        places = _Places(read_book(session.connection()), {one.code: one for one in session.scalars(select(Unit))})
        last = {one.kiosk: one for one in session.scalars(select(PublishedRules))}
        serving = select(Kiosk.id, Kiosk.unit).where(Kiosk.retired_at.is_(None)).order_by(Kiosk.id)
        told: list[Outgoing] = []
        for kiosk, unit in session.execute(serving):
            wanted = places.rules(kiosk, unit, today, now, self._share)
            told += self._told(session, wanted, last.get(kiosk))
        session.flush()
        return told

    def _told(self, session: Session, wanted: Rules, last: PublishedRules | None) -> list[Outgoing]:
        """Nothing where the last ones say the same, under the seal of today."""
        if last is not None:
            before = RULES.decode(payload_of(last.sealed))
            same_seal = peek(last.sealed).get("kid") == str(self._keys.signing[-1].public.name)
            if same_seal and wanted == replace(before, at=wanted.at, version=wanted.version):
                return []
        number = max((last.version if last else 0) + 1, int(wanted.at.timestamp() * 1000))
        sealed = self._keys.seal(Sealed.RULES, RULES.encode(replace(wanted, version=number)))
        stored = last or PublishedRules(kiosk=wanted.kiosk)
        stored.version, stored.at, stored.sealed = number, wanted.at, sealed
        session.add(stored)
        LOG.info("rules of %s: version %d", wanted.kiosk, number)
        return [_outgoing(wanted.kiosk, sealed)]


@dataclass(frozen=True, slots=True)
class _Places:
    """The rulebook, and where units hang."""

    book: Book
    units: Mapping[str, Unit]

    def rules(self, kiosk: str, unit: str, today: date, now: datetime, share: float) -> Rules:
        """What a kiosk of this unit is to say from today on."""
        path = self._path(unit)
        days = (today + timedelta(days=ahead) for ahead in range(WEEK))
        hours = tuple(found for day in days if (found := self._hours(path, day)) is not None)
        holidays = tuple(day.isoformat() for day in self._holidays(path, today))
        ordered = tuple(sorted(hours, key=lambda one: one.weekday))
        return Rules(kiosk=kiosk, at=now, version=0, hours=ordered, holidays=holidays, picture_share=share)

    def _hours(self, path: tuple[str, ...], day: date) -> DayHours | None:
        """The usual hours on that date; None on a free weekday, and where no one rule set tells."""
        kind = self.units[path[0]].kind if path[0] in self.units else ""
        try:
            pattern = self.book.rules.rules(SERVICE, path, day).pattern(usual_pattern(SERVICE, kind))
        except (RulesError, LookupError):
            return None
        found = pattern.days[day.weekday()] if isinstance(pattern, Week) else None
        if found is None:
            return None
        return DayHours(weekday=day.weekday(), start=f"{found.start:%H:%M}", end=f"{found.end:%H:%M}")

    def _holidays(self, path: tuple[str, ...], today: date) -> Iterable[date]:
        """Of this year and the next: a kiosk may hear nothing for months."""
        first, last = date(today.year, 1, 1), date(today.year + 1, 12, 31)
        days = {one.day for one in (*self.book.published, *self.book.overrides) if first <= one.day <= last}
        return [day for day in sorted(days) if self.book.rules.holiday(path, day) is not None]

    def _path(self, unit: str) -> tuple[str, ...]:
        """A unit and those above it; a ring ends the walk."""
        path: list[str] = []
        code: str | None = unit
        while code is not None and code not in path:
            path.append(code)
            code = self.units[code].parent if code in self.units else None
        return tuple(path)


def rules_of(session: Session, kiosk: str) -> list[Outgoing]:
    """What a kiosk was last told; empty before that."""
    sealed = session.scalar(select(PublishedRules.sealed).where(PublishedRules.kiosk == kiosk))
    return [_outgoing(kiosk, sealed)] if sealed else []


def without_roster(session: Session) -> list[Outgoing]:
    """The rules of kiosks that have no roster yet, for a broker that may have forgotten them."""
    query = select(PublishedRules.kiosk, PublishedRules.sealed).where(
        PublishedRules.kiosk.not_in(select(PublishedRoster.kiosk))
    )
    return [_outgoing(kiosk, sealed) for kiosk, sealed in session.execute(query)]


def _outgoing(kiosk: str, sealed: str) -> Outgoing:
    return Outgoing(Address(kiosk, "rules").topic, sealed.encode("ascii"), retain=True)

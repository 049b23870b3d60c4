"""Stored rows as what the rules read: looks and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_

from collector.rules.dating import TRUSTED, Stamp
from collector.rules.evidence import Basis, Look, Match, Method, Moment, Spot
from collector.rules.violations.stream import Observed
from collector.store.records import StoredRecord
from collector.violating.bodies import Body, body_of, degrees, whole

TRUSTED_MS = TRUSTED // timedelta(milliseconds=1)
LEARNT = "clock-learnt"

r = StoredRecord
COLUMNS: tuple[Any, ...] = (
    *(r.kiosk, r.chain, r.seq, r.kind, r.at, r.clock_source, r.clock_error_ms, r.boot, r.monotonic_ns),
    *(r.person, r.method, r.score, r.unit, r.received_at, r.sealed),
)


def doubtful() -> ColumnElement[bool]:
    """Records whose time must be derived from others: their own clock does not vouch for it by the network."""
    loose = or_(r.clock_error_ms.is_(None), r.clock_error_ms > TRUSTED_MS)
    return or_(r.clock_source != "ntp", loose, r.at > r.received_at)


@dataclass(frozen=True, slots=True)
class Row:
    """A stored record, in the order of `COLUMNS`."""

    kiosk: str
    chain: str
    seq: int
    kind: str
    at: datetime
    clock_source: str
    clock_error_ms: int | None
    boot: str
    monotonic_ns: int
    person: str | None
    method: str | None
    score: float | None
    unit: str | None
    received_at: datetime
    sealed: str

    @property
    def record(self) -> str:
        """Identity as looks name it."""
        return f"{self.kiosk}/{self.chain}/{self.seq}"

    def plain_moment(self) -> Moment:
        """Its moment when the network's time vouches for it."""
        error = timedelta(milliseconds=self.clock_error_ms or 0)
        return Moment(at=self.at, earliest=self.at - error, latest=self.at + error, basis=Basis.CLOCK)

    def stamp(self) -> Stamp:
        """What it says of its time."""
        body = body_of(self.sealed) if self.kind == "event" else {}
        return Stamp(
            kiosk=self.kiosk,
            chain=self.chain,
            seq=self.seq,
            at=self.at,
            source=self.clock_source,
            error_ms=self.clock_error_ms,
            boot=self.boot,
            monotonic_ns=self.monotonic_ns,
            received_at=self.received_at,
            learnt_ms=whole(_detail(body).get("offset_ms")) if body.get("event") == LEARNT else None,
        )


def is_doubtful(row: Row) -> bool:
    """The same as `doubtful`, of a row at hand."""
    loose = row.clock_error_ms is None or row.clock_error_ms > TRUSTED_MS
    return row.clock_source != "ntp" or loose or row.at > row.received_at


@dataclass(frozen=True, slots=True)
class Dated:
    """A row and when it was truly made."""

    row: Row
    when: Moment


def look(dated: Dated, spots: Mapping[str, Spot]) -> Look:
    """A check-in; it stands where its kiosk said, else where its unit lies."""
    row, body = dated.row, body_of(dated.row.sealed)
    unit = row.unit or ""
    return Look(
        record=row.record,
        person=row.person or "",
        source=row.kiosk,
        when=dated.when,
        method=Method(row.method or "face"),
        unit=unit,
        spot=_spot(body.get("place")) or spots.get(unit),
        match=_match(row.score, body.get("match")),
    )


def observed(dated: Dated, unit: str) -> Observed:
    """An event."""
    body = body_of(dated.row.sealed)
    detail = _detail(body)
    person = detail.get("person")
    return Observed(
        record=dated.row.record,
        kiosk=dated.row.kiosk,
        unit=unit,
        word=str(body.get("event", "")),
        when=dated.when,
        person=person if isinstance(person, str) else "",
        offset_ms=whole(detail.get("offset_ms")) or 0,
    )


def _detail(body: Body) -> Body:
    found = body.get("detail")
    return found if isinstance(found, dict) else {}


def _spot(place: object) -> Spot | None:
    if not isinstance(place, dict):
        return None
    lat, lon = degrees(place.get("lat")), degrees(place.get("lon"))
    return None if lat is None or lon is None else Spot(lat=lat, lon=lon)


def _match(score: float | None, match: object) -> Match | None:
    if score is None:
        return None
    return Match(score=score, runner_up=degrees(match.get("runner_up")) if isinstance(match, dict) else None)

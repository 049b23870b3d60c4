"""Samples as they are looked through, and all that is known about one drawn record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session, aliased

from collector.samples.book import Verdict
from collector.samples.draw import Estimate, estimate
from collector.store.accounts import StoredAccount
from collector.store.people import Person, Unit
from collector.store.records import Blob, StoredRecord
from collector.store.samples import Sample, SampleItem
from wire.errors import WireError
from wire.records import CheckIn, Liveness, MatchScore, decode_record
from wire.seals import payload_of

AROUND = timedelta(minutes=3)
"""Who else stood at the kiosk: so long before and after."""

MOST_AROUND = 30


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample. `by_verdict`: how many have each; the rest are still to be looked at."""

    id: str
    by: str
    by_name: str
    at: datetime
    since: date
    until: date
    unit: str
    unit_name: str | None
    seed: str
    pool: int
    pool_digest: str
    size: int
    by_verdict: dict[Verdict, int]

    @property
    def judged(self) -> int:
        """How many somebody looked at."""
        return sum(self.by_verdict.values())

    @property
    def wrong(self) -> Estimate | None:
        """Share of wrong ones among those that are right or wrong."""
        wrong = self.by_verdict[Verdict.WRONG]
        return estimate(wrong, wrong + self.by_verdict[Verdict.RIGHT])


@dataclass(frozen=True, slots=True)
class Item:
    """One drawn record: whom the kiosk saw, where and when, and the verdict."""

    place: int
    kiosk: str
    chain: str
    seq: int
    at: datetime | None
    person: str | None
    name: str | None
    unit: str | None
    unit_name: str | None
    score: float | None
    verdict: Verdict | None
    why: str
    by: str | None
    judged_at: datetime | None


@dataclass(frozen=True, slots=True)
class Beside:
    """Another look, at this kiosk about that time or of this person that day."""

    at: datetime
    kiosk: str
    person: str | None
    name: str | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the sealed record itself says. `picture`: its digest, None where the kiosk sent none; `kept`: it is still here."""

    match: MatchScore | None
    liveness: Liveness | None
    picture: str | None
    kept: bool


def listed(session: Session, limit: int = 100) -> list[Drawn]:
    """Samples, the newest first. One query."""
    return _drawn(session, _samples().order_by(Sample.at.desc(), Sample.id).limit(limit))


def one(session: Session, sample: str) -> Drawn | None:
    """One sample, or None."""
    return next(iter(_drawn(session, _samples().where(Sample.id == sample))), None)


def items(session: Session, sample: str, place: int | None = None) -> list[Item]:
    """What was drawn, in the order of the draw; or only what has this place. One query."""
    i, r = SampleItem, StoredRecord
    query = (
        select(i.place, i.kiosk, i.chain, i.seq, r.at, r.person, Person.name, r.unit, Unit.name, r.score)
        .add_columns(i.verdict, i.why, i.by, i.at)
        .outerjoin(r, and_(r.kiosk == i.kiosk, r.chain == i.chain, r.seq == i.seq))
        .outerjoin(Person, Person.id == r.person)
        .outerjoin(Unit, Unit.code == r.unit)
        .where(i.sample == sample)
    )
    if place is not None:
        query = query.where(i.place == place)
    facts: list[tuple[Any, ...]] = [
        (*row[:10], Verdict(row[10]) if row[10] else None, *row[11:])
        for row in session.execute(query.order_by(i.place))
    ]
    return [Item(*each) for each in facts]


def evidence(session: Session, item: Item) -> Evidence:
    """What the sealed record says of its match."""
    sealed = session.scalars(_record(item)).one_or_none()
    try:
        body = decode_record(payload_of(sealed or "")).body
    except WireError:
        return Evidence(None, None, None, False)
    if not isinstance(body, CheckIn):
        return Evidence(None, None, None, False)
    mine = (Blob.digest == body.evidence, Blob.kiosk == item.kiosk)
    kept = body.evidence and session.scalars(select(Blob.digest).where(*mine)).first()
    return Evidence(body.match, body.liveness, body.evidence, bool(kept))


def around(session: Session, item: Item) -> list[Beside]:
    """Other looks at this kiosk within three minutes. One query."""
    if item.at is None:
        return []
    r = StoredRecord
    near = (r.kiosk == item.kiosk, r.at >= item.at - AROUND, r.at <= item.at + AROUND)
    return _beside(session, item, *near)


def same_day(session: Session, item: Item, start: datetime, end: datetime) -> list[Beside]:
    """Other looks of this person from `start` to before `end`. One query."""
    r = StoredRecord
    return _beside(session, item, r.person == item.person, r.at >= start, r.at < end) if item.person else []


def _beside(session: Session, item: Item, *conditions: Any) -> list[Beside]:
    r = StoredRecord
    query = (
        select(r.at, r.kiosk, r.person, Person.name, r.score)
        .outerjoin(Person, Person.id == r.person)
        .where(r.kind == "check-in", *conditions)
        .where(~and_(r.kiosk == item.kiosk, r.chain == item.chain, r.seq == item.seq))
    )
    return [Beside(*row) for row in session.execute(query.order_by(r.at).limit(MOST_AROUND))]


def _record(item: Item) -> Any:
    r = StoredRecord
    return select(r.sealed).where(r.kiosk == item.kiosk, r.chain == item.chain, r.seq == item.seq)


def _samples() -> Any:
    s, i, who = Sample, SampleItem, aliased(StoredAccount)
    columns = (s.id, s.by, func.coalesce(who.name, s.by), s.at, s.since, s.until, s.unit, Unit.name, s.seed, s.pool)
    verdicts = (func.sum(case((i.verdict == verdict.value, 1), else_=0)) for verdict in Verdict)
    return (
        select(*columns, s.pool_digest, func.count(i.place), *verdicts)
        .join(i, i.sample == s.id)
        .outerjoin(who, who.id == s.by)
        .outerjoin(Unit, Unit.code == s.unit)
        .group_by(*columns, s.pool_digest, who.name)
    )


def _drawn(session: Session, query: Any) -> list[Drawn]:
    facts: list[tuple[Any, ...]] = [
        (*row[:12], dict(zip(Verdict, row[12:], strict=True))) for row in session.execute(query)
    ]
    return [Drawn(*each) for each in facts]

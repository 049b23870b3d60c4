"""Which kiosks wait for a stick: those that live by sticks, and those that have fallen silent with records that nobody has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from collector.commands.orders import OrderState
from collector.reports.presence import Query
from collector.reports.watermarks import BEHIND
from collector.store.commands import Order
from collector.store.people import Kiosk, PublishedRoster, Unit
from collector.store.records import Chain, KioskStatus
from collector.store.sticks import StickVisit

ROUND = timedelta(days=28)
"""A kiosk without a network is visited once a month; after so long its records are waited for."""


class Need(StrEnum):
    """What a kiosk waits for, the most pressing first."""

    ANSWER = "answer"  # its stick came, and nothing has left for it since: it deletes nothing, and knows no new face
    CUT_OFF = "cut-off"  # meant to be on the network, silent, and says that it holds records
    NEVER = "never"  # lives by sticks, and none ever came
    DUE = "due"  # lives by sticks, and the last one came a month ago
    SERVED = "served"  # lives by sticks, and was visited lately


@dataclass(frozen=True, slots=True)
class Waiting:
    """A kiosk in the list. `backlog`: records that it held when it last said so; `upto`, `complete_at`: how far the centre has its
    newest chain; `roster_due`: the centre has a newer roster than the kiosk told of; `orders`: commands that it has not answered."""

    id: str
    unit_name: str
    by_stick: bool
    need: Need
    came_at: datetime | None
    went_at: datetime | None
    last_contact: datetime | None
    backlog: int
    upto: int | None
    complete_at: datetime | None
    roster_due: bool
    orders: int


def count_waiting(session: Session, now: datetime) -> dict[Need, int]:
    """How many kiosks there are of each need. One query."""
    needs = _among(select(_need(now).label("need")), now).subquery()
    query = select(needs.c.need, func.count()).group_by(needs.c.need)
    return {Need(word): count for word, count in session.execute(query)}


def waiting(session: Session, now: datetime, limit: int, offset: int = 0) -> list[Waiting]:
    """The kiosks that wait, the most pressing first, and of those the ones that have waited for longest. Three queries."""
    need = _need(now)
    rank = case({word.value: number for number, word in enumerate(Need)}, value=need)
    columns = (
        *(Kiosk.id, Unit.name, Kiosk.by_stick, need, StickVisit.came_at, StickVisit.went_at),
        *(KioskStatus.received_at, KioskStatus.backlog, KioskStatus.roster_version, PublishedRoster.version),
    )
    query = _among(select(*columns), now).join(Unit, Unit.code == Kiosk.unit)
    query = query.outerjoin(PublishedRoster, PublishedRoster.kiosk == Kiosk.id)
    since = func.coalesce(StickVisit.came_at, KioskStatus.received_at, Kiosk.registered_at)
    rows = session.execute(query.order_by(rank, since, Kiosk.id).limit(limit).offset(offset)).all()
    names = [row[0] for row in rows]
    chains, orders = _chains(session, names), _orders(session, names)
    return [_waiting(row, chains, orders) for row in rows]


def _waiting(row: Any, chains: dict[str, tuple[int, datetime | None]], orders: dict[str, int]) -> Waiting:
    name, unit, by_stick, need, came, went, contact, backlog, told, published = row
    roster_due = published is not None and published != told
    return Waiting(
        *(name, unit, by_stick, Need(need), came, went, contact, backlog or 0),
        *(*chains.get(name, (None, None)), roster_due, orders.get(name, 0)),
    )


def _among(query: Query, now: datetime) -> Query:
    joined = query.select_from(Kiosk).outerjoin(StickVisit, StickVisit.kiosk == Kiosk.id)
    joined = joined.outerjoin(KioskStatus, KioskStatus.kiosk == Kiosk.id)
    return joined.where(Kiosk.retired_at.is_(None), or_(Kiosk.by_stick, _cut_off(now), _unanswered()))


def _cut_off(now: datetime) -> Any:
    silent = or_(~KioskStatus.online, KioskStatus.received_at < now - BEHIND)
    return and_(~Kiosk.by_stick, KioskStatus.backlog > 0, silent)


def _unanswered() -> Any:
    newer = or_(StickVisit.went_at.is_(None), StickVisit.went_at < StickVisit.came_at)
    return and_(StickVisit.came_at.is_not(None), newer)


def _need(now: datetime) -> Any:
    return case(
        (_unanswered(), Need.ANSWER.value),
        (_cut_off(now), Need.CUT_OFF.value),
        (StickVisit.came_at.is_(None), Need.NEVER.value),
        (StickVisit.came_at < now - ROUND, Need.DUE.value),
        else_=Need.SERVED.value,
    )


def _chains(session: Session, names: list[str]) -> dict[str, tuple[int, datetime | None]]:
    """Of each kiosk's newest chain: the number up to which it is whole, and the time."""
    query = select(Chain.kiosk, Chain.upto, Chain.complete_at).where(Chain.kiosk.in_(names)).order_by(Chain.first_at)
    return {kiosk: (upto, at) for kiosk, upto, at in session.execute(query)}


def _orders(session: Session, names: list[str]) -> dict[str, int]:
    open_ = (Order.kiosk.in_(names), Order.state == OrderState.OPEN.value)
    query = select(Order.kiosk, func.count()).where(*open_).group_by(Order.kiosk)
    return {kiosk: count for kiosk, count in session.execute(query)}  # noqa: C416 - dict() loses the row's types

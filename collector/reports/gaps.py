"""Numbers of chains that are missing below one that arrived, over all kiosks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, and_, func, select, union_all
from sqlalchemy.orm import Session

from collector.store.records import Chain, SetAside, StoredRecord


@dataclass(frozen=True, slots=True)
class OpenGap:
    """Missing numbers, both included; `at`: of the record that came after them."""

    kiosk: str
    chain: str
    first: int
    last: int
    at: datetime


def open_gaps(session: Session) -> list[OpenGap]:
    """Every gap, in one query. A number that was set aside did arrive."""
    arrived = union_all(
        _beyond(StoredRecord.at, StoredRecord), _beyond(SetAside.first_at.label("at"), SetAside)
    ).subquery()
    before = func.lag(arrived.c.seq, 1, arrived.c.upto, type_=BigInteger).over(
        partition_by=(arrived.c.kiosk, arrived.c.chain), order_by=arrived.c.seq
    )
    steps = select(arrived.c.kiosk, arrived.c.chain, before.label("before"), arrived.c.seq, arrived.c.at).subquery()
    query = select(steps).where(steps.c.seq > steps.c.before + 1).order_by(steps.c.kiosk, steps.c.chain, steps.c.seq)
    return [
        OpenGap(kiosk, chain, last_before + 1, seq - 1, at)
        for kiosk, chain, last_before, seq, at in session.execute(query)
    ]


def _beyond(at: Any, table: type[StoredRecord | SetAside]) -> Select[Any]:
    on = and_(table.kiosk == Chain.kiosk, table.chain == Chain.chain, table.seq > Chain.upto)
    return select(Chain.kiosk, Chain.chain, Chain.upto, table.seq, at).join(table, on).where(Chain.upto < Chain.seen)

"""What the centre has: receipts in relay.db."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from kiosk.ledger.entry import ChainSpan, Receipted, Rejection
from kiosk.relay.tables import RECEIPT_DAYS, RECEIPTS, REJECTED
from wire.messages import Receipt

MOST_REJECTED = 10_000
"""So many of the newest rejections are remembered."""


def receipts(connection: Connection) -> dict[str, Receipted]:
    """What the centre has, by chain."""
    return {row.chain: Receipted(row.upto, row.ahead) for row in connection.execute(select(RECEIPTS))}


def take(connection: Connection, receipt: Receipt, newest: ChainSpan, keep_days: int) -> None:
    """Note a receipt. `newest`: the chain that the kiosk writes now.

    A receipt for more than that chain holds tells of a ledger that went back in time: it is noted as such, and covers
    nothing, for another record may stand at the centre under each number.
    """
    before = receipts(connection).get(receipt.chain, Receipted(0))
    beyond = newest.chain == receipt.chain and receipt.upto > newest.last
    now = Receipted(min(before.upto, receipt.upto), receipt.upto) if beyond else Receipted(receipt.upto)
    _start_day(connection, receipt.at.date(), keep_days)
    if now != before:
        row = {"chain": receipt.chain, "upto": now.upto, "ahead": now.ahead}
        connection.execute(upsert(RECEIPTS).values(row).on_conflict_do_update(index_elements=["chain"], set_=row))
    if now.upto < before.upto:
        days = RECEIPT_DAYS.c
        fewer = update(RECEIPT_DAYS).where((days.chain == receipt.chain) & (days.upto > now.upto))
        connection.execute(fewer.values(upto=now.upto))


def settle(connection: Connection, newest: ChainSpan) -> None:
    """A chain that is no longer written cannot fork any more: what was ahead of it covers all of it."""
    c = RECEIPTS.c
    connection.execute(update(RECEIPTS).where((c.ahead > 0) & (c.chain != newest.chain)).values(upto=c.ahead, ahead=0))


def reject(connection: Connection, rejection: Rejection) -> None:
    """Note that the centre set a record aside."""
    row = {name: getattr(rejection, name) for name in ("digest", "chain", "seq", "reason")}
    connection.execute(upsert(REJECTED).values(row).on_conflict_do_nothing())
    newest = select(func.max(REJECTED.c.id)).scalar_subquery()
    connection.execute(delete(REJECTED).where(REJECTED.c.id <= newest - MOST_REJECTED))


def rejected(connection: Connection) -> tuple[Rejection, ...]:
    """Every remembered rejection, oldest first."""
    rows = connection.execute(select(REJECTED).order_by(REJECTED.c.id))
    return tuple(Rejection(row.chain, row.seq, row.digest, row.reason) for row in rows)


def deletable(connection: Connection, keep_days: int) -> Mapping[str, int]:
    """Up to which number each chain was receipted `keep_days` ago, by the centre's clock, and still is."""
    days = RECEIPT_DAYS.c
    today = connection.execute(select(func.max(days.day))).scalar_one()
    if today is None:
        return {}
    upto = func.max(days.upto)
    rows = connection.execute(select(days.chain, upto).where(days.day <= _cut(today, keep_days)).group_by(days.chain))
    return {chain: number for chain, number in rows if number}


def _start_day(connection: Connection, today: date, keep_days: int) -> None:
    """On the first receipt of a day, note what each chain had been receipted up to until then."""
    days = RECEIPT_DAYS.c
    if connection.execute(select(days.day).where(days.day >= today.isoformat()).limit(1)).first():
        return
    connection.execute(insert(RECEIPT_DAYS).values(chain="", day=today.isoformat(), upto=0))  # the day itself
    until_now = select(RECEIPTS.c.chain, bindparam("day", today.isoformat()), RECEIPTS.c.upto)
    connection.execute(insert(RECEIPT_DAYS).from_select(["chain", "day", "upto"], until_now))
    cut = select(func.max(days.day)).where(days.day <= _cut(today.isoformat(), keep_days)).scalar_subquery()
    connection.execute(delete(RECEIPT_DAYS).where(days.day < cut))


def _cut(today: str, keep_days: int) -> str:
    return (date.fromisoformat(today) - timedelta(days=keep_days)).isoformat()

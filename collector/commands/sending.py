"""Which orders are due at the broker, and what an answer does to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from collector.commands.orders import OrderState
from collector.keys import CentreKeys
from collector.outgoing import Outgoing
from collector.store.commands import Order
from collector.store.records import KioskStatus
from wire.messages import COMMAND, Command, Reply
from wire.seals import Sealed
from wire.topics import Address

AGAIN = timedelta(seconds=60)
"""An unanswered order goes out again so often while its kiosk is connected: a kiosk does each one once only."""
AT_ONCE = 200
LATE = timedelta(hours=1)
"""So long after its end an order still waits for the answer that may be on its way."""
MOST_DETAIL = 65_536
"""Characters of an answer's detail that are kept; beyond, only that it was too long is."""


def due(connection: Connection, keys: CentreKeys, now: datetime) -> list[Outgoing]:
    """The commands to publish now, marked as sent. The caller commits before it publishes: sent twice is harmless."""
    _expire(connection, now)
    again = or_(
        Order.sent_at.is_(None),
        and_(Order.sent_at < now - AGAIN, or_(KioskStatus.online, KioskStatus.received_at > Order.sent_at)),
    )
    rows = connection.execute(
        select(Order.id, Order.kiosk, Order.command, Order.arguments, Order.at, Order.expires)
        .outerjoin(KioskStatus, KioskStatus.kiosk == Order.kiosk)
        .where(Order.state == OrderState.OPEN, Order.expires > now, again)
        .order_by(Order.at, Order.id)
        .limit(AT_ONCE)
    ).all()
    connection.execute(update(Order).where(Order.id.in_([row.id for row in rows])).values(sent_at=now))
    return [sealed(row, keys) for row in rows]


def carried(connection: Connection, keys: CentreKeys, kiosk: str, now: datetime) -> list[Outgoing]:
    """The open commands to a kiosk, to be carried to it, marked as sent. The caller commits before it hands them out."""
    _expire(connection, now)
    to_it = (Order.kiosk == kiosk, Order.state == OrderState.OPEN, Order.expires > now)
    columns = (Order.id, Order.kiosk, Order.command, Order.arguments, Order.at, Order.expires)
    rows = connection.execute(select(*columns).where(*to_it).order_by(Order.at, Order.id)).all()
    connection.execute(update(Order).where(Order.id.in_([row.id for row in rows])).values(sent_at=now))
    return [sealed(row, keys) for row in rows]


def sealed(row: Any, keys: CentreKeys) -> Outgoing:
    """A stored order as the message that goes to its kiosk."""
    given = Command(
        kiosk=row.kiosk,
        id=row.id,
        at=row.at,
        expires=row.expires,
        command=row.command,
        arguments=json.loads(row.arguments),
    )
    text = keys.seal(Sealed.COMMAND, COMMAND.encode(given))
    return Outgoing(Address(row.kiosk, "commands").topic, text.encode("ascii"))


def take(connection: Connection, replies: Sequence[tuple[Reply, datetime]]) -> None:
    """Answers that arrived, with when. The first one stands; one to an order of another kiosk, or of nobody, changes nothing."""
    rows = [
        {"number": reply.id, "of": reply.kiosk, "state": reply.outcome, "replied_at": at, "detail": _detail(reply)}
        for reply, at in replies
    ]
    if not rows:
        return
    waiting = or_(Order.state == OrderState.OPEN.value, Order.state == OrderState.EXPIRED.value)
    late = and_(Order.id == bindparam("number"), Order.kiosk == bindparam("of"), waiting, Order.handled_at.is_(None))
    connection.execute(update(Order).where(late), _unique(rows))


def _unique(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        first.setdefault((row["of"], row["number"]), row)
    return list(first.values())


def _detail(reply: Reply) -> str:
    text = json.dumps(reply.detail)
    return text if len(text) <= MOST_DETAIL else json.dumps({"too-long": len(text)})


def _expire(connection: Connection, now: datetime) -> None:
    over = (Order.state == OrderState.OPEN, Order.expires < now - LATE)
    connection.execute(update(Order).where(*over).values(state=OrderState.EXPIRED.value, replied_at=now))

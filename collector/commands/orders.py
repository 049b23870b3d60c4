"""Giving an order to a kiosk, and what became of it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, get_args

from sqlalchemy import Connection, Row, insert, select, update

from collector.errors import OrderError
from collector.store.commands import Order
from collector.store.people import Kiosk
from wire.errors import ContractError
from wire.messages import COMMAND, Command, CommandName

COMMANDS: tuple[CommandName, ...] = get_args(CommandName)
DAY = timedelta(days=1)
LONGEST = timedelta(days=90)
"""A school's stick may be on its way for weeks; an order that is older than a quarter is nobody's wish any more."""


class OrderState(StrEnum):
    """What became of an order."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Answer:
    """An order and its answer. `detail` is what the kiosk told with it; `replied_at` is None while it is open."""

    id: str
    kiosk: str
    command: str
    arguments: Mapping[str, str]
    by: str
    at: datetime
    expires: datetime
    state: OrderState
    sent_at: datetime | None
    replied_at: datetime | None
    detail: Mapping[str, Any]


def order(  # noqa: PLR0913 - an order is all of these
    connection: Connection,
    kiosk: str,
    command: CommandName,
    arguments: Mapping[str, str] | None = None,
    *,
    by: str,
    now: datetime,
    ttl: timedelta = DAY,
) -> str:
    """Have jobs send a command to a kiosk until it answers or `ttl` has passed; the order's id.

    Raises OrderError for an unknown or retired kiosk (a retired one may still be wiped), a command that is not on the
    list, arguments too long for the wire, and a `ttl` outside (0, LONGEST].
    """
    _check_kiosk(connection, kiosk, command)
    if not timedelta() < ttl <= LONGEST:
        raise OrderError(
            f"an order holds for more than nothing and at most {LONGEST.days} days, not {ttl}: choose within"
        )
    given = Command(
        kiosk=kiosk,
        id=secrets.token_hex(16),
        at=now,
        expires=now + ttl,
        command=command,
        arguments=dict(arguments or {}),
    )
    _check_contract(given)
    row = {
        "id": given.id,
        "kiosk": kiosk,
        "command": command,
        "arguments": json.dumps(given.arguments),
        "by": by,
        "at": now,
        "expires": given.expires,
        "state": OrderState.OPEN.value,
        "detail": "{}",
    }
    connection.execute(insert(Order).values(row))
    return given.id


def cancel(connection: Connection, number: str, now: datetime) -> str:
    """Take an order back that was never sent; whose it was. Raises OrderError: what a kiosk may have received cannot be unsaid."""
    waiting = (Order.id == number, Order.state == OrderState.OPEN, Order.sent_at.is_(None))
    done = update(Order).where(*waiting).values(state=OrderState.CANCELLED.value, replied_at=now)
    kiosk: str | None = connection.scalar(done.returning(Order.kiosk))
    if kiosk is None:
        raise OrderError(f"order {number[:64]!r} is not there, was sent already or is answered: wait until it expires")
    return kiosk


def orders_of(connection: Connection, kiosk: str, limit: int = 20) -> list[Answer]:
    """The newest orders to a kiosk and their answers."""
    query = select(Order.__table__).where(Order.kiosk == kiosk).order_by(Order.at.desc(), Order.id).limit(limit)
    return [_answer(row) for row in connection.execute(query)]


def answers(connection: Connection, command: CommandName) -> list[Answer]:
    """Answered orders of one command that nobody has acted on yet, the oldest first; an expired one is an answer too."""
    waiting = (Order.command == command, Order.state != OrderState.OPEN, Order.handled_at.is_(None))
    query = select(Order.__table__).where(*waiting).order_by(Order.at, Order.id)
    return [_answer(row) for row in connection.execute(query)]


def handled(connection: Connection, number: str, now: datetime) -> None:
    """Whoever waited for the answer has acted on it."""
    connection.execute(update(Order).where(Order.id == number).values(handled_at=now))


def _check_kiosk(connection: Connection, kiosk: str, command: str) -> None:
    if command not in COMMANDS:
        raise OrderError(f"command {command[:64]!r} is not one of {', '.join(COMMANDS)}")
    row = connection.execute(select(Kiosk.retired_at).where(Kiosk.id == kiosk)).one_or_none()
    if row is None:
        raise OrderError(f"no kiosk {kiosk[:63]!r}; `siperlu collector kiosks list` shows those there are")
    if row.retired_at is not None and command != "wipe":
        raise OrderError(f"kiosk {kiosk} is retired: it can only be wiped; register it again for anything else")


def _check_contract(given: Command) -> None:
    """What is ordered must be readable where it arrives."""
    try:
        COMMAND.decode(COMMAND.encode(given))
    except (ContractError, ValueError) as error:
        raise OrderError(f"the order cannot be sent as it is: {error}") from error


def _answer(row: Row[Any]) -> Answer:
    return Answer(
        id=row.id,
        kiosk=row.kiosk,
        command=row.command,
        arguments=json.loads(row.arguments),
        by=row.by,
        at=row.at,
        expires=row.expires,
        state=OrderState(row.state),
        sent_at=row.sent_at,
        replied_at=row.replied_at,
        detail=json.loads(row.detail),
    )

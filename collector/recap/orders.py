"""Orders of sealed reports: the pages place them, the jobs process makes them, and the pages hand the file over."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import IO

from sqlalchemy import Engine, delete, func, insert, select
from sqlalchemy.orm import Session

from collector.errors import ReportError
from collector.recap import faults
from collector.recap.faults import Fault, Told
from collector.recap.month import Month
from collector.store.accounts import StoredAccount
from collector.store.reports import PublicKeys, ReportOrder, ReportPiece
from wire.jwks import KEY_SET
from wire.seals import Keyring

PIECE = 2**20
MAX_STAFF = 4 * 2**20
MOST_WAITING = 5
"""Orders of one account that may wait: a second press of a button is no reason to print again."""

KEPT = timedelta(days=7)


class Kind(StrEnum):
    """What is ordered."""

    RECAP = "recap"
    ALL = "all"
    TPP = "tpp"
    RECORDS = "records"


class State(StrEnum):
    """How far an order is."""

    WAITING = "waiting"
    WORKING = "working"
    READY = "ready"
    FAILED = "failed"


FORMS = {Kind.RECAP: ("xlsx", "pdf", "csv"), Kind.ALL: ("xlsx",), Kind.TPP: ("csv",), Kind.RECORDS: ("zip",)}
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for, by which account. `staff`: the staff list's bytes, or None; `days`: first and last day of an export of
    records, `kiosk`: the one it is of, empty for those of the unit and below."""

    kind: Kind
    unit: str
    month: Month
    form: str
    by: str
    staff: bytes | None = None
    days: tuple[date, date] | None = None
    kiosk: str = ""


def place(session: Session, order: Order, now: datetime) -> str:
    """Place an order; its id. Raises ReportError for a form that this kind has not, or too many that wait."""
    if order.form not in FORMS[order.kind]:
        text = f"{order.kind.value} is not made as {order.form!r}: one of {', '.join(FORMS[order.kind])}"
        raise ReportError(text, Fault.FORM, form=order.form)
    # Of one account's orders one is placed after the other: of two at once the second counts the first.
    session.execute(select(StoredAccount.id).where(StoredAccount.id == order.by).with_for_update(key_share=True))
    waiting = select(func.count()).where(
        ReportOrder.asked_by == order.by, ReportOrder.state.in_((State.WAITING, State.WORKING))
    )
    if (session.scalar(waiting) or 0) >= MOST_WAITING:
        text = f"{MOST_WAITING} of your orders wait already: let them be made first"
        raise ReportError(text, Fault.WAITING, most=MOST_WAITING)
    row = ReportOrder(id=secrets.token_hex(16), kind=order.kind.value, unit=order.unit, form=order.form)
    row.month, row.until = order.days or (order.month.days[0], None)
    row.staff, row.kiosk = order.staff, order.kiosk
    row.asked_by, row.asked_at = order.by, now
    session.add(row)
    session.flush()
    return row.id


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as its owner sees it."""

    id: str
    kind: Kind
    unit: str
    month: date
    until: date | None
    kiosk: str
    form: str
    asked_at: datetime
    state: State
    done: int
    whole: int
    name: str
    size: int
    error: Told | None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in (State.READY, State.FAILED)


def placed(session: Session, by: str, limit: int = 20) -> list[Placed]:
    """The orders of an account, the newest first."""
    query = select(ReportOrder).where(ReportOrder.asked_by == by)
    rows = session.scalars(query.order_by(ReportOrder.asked_at.desc(), ReportOrder.id).limit(limit))
    return [_placed(row) for row in rows]


def find(session: Session, order: str, by: str) -> Placed | None:
    """One order of this account; None for another's."""
    row = session.scalars(select(ReportOrder).where(ReportOrder.id == order, ReportOrder.asked_by == by)).one_or_none()
    return _placed(row) if row else None


def _placed(row: ReportOrder) -> Placed:
    facts = (row.id, Kind(row.kind), row.unit, row.month, row.until, row.kiosk, row.form)
    return Placed(
        *facts, row.asked_at, State(row.state), row.done, row.whole, row.name, row.size, faults.decode(row.error)
    )


def content(engine: Engine, order: str) -> Iterator[bytes]:
    """The file of a ready order, a piece at a time: one of hundreds of mebibytes is never whole in memory, nor is a connection
    held while a slow reader takes it."""
    for number in count():
        query = select(ReportPiece.content).where(ReportPiece.order == order, ReportPiece.number == number)
        with Session(engine) as session:
            piece = session.scalar(query)
        if piece is None:
            return
        yield piece


def put(session: Session, order: str, file: IO[bytes]) -> int:
    """Keep the file of an order, in place of any before; its size in bytes. One piece is in memory at a time."""
    session.execute(delete(ReportPiece).where(ReportPiece.order == order))
    size = 0
    for number, piece in enumerate(iter(lambda: file.read(PIECE), b"")):
        session.execute(insert(ReportPiece).values(order=order, number=number, content=piece))
        size += len(piece)
    return size


def sweep(session: Session, now: datetime) -> int:
    """Delete orders and files older than a week; how many."""
    old = list(session.scalars(select(ReportOrder.id).where(ReportOrder.asked_at < now - KEPT)))
    session.execute(delete(ReportPiece).where(ReportPiece.order.in_(old)))
    session.execute(delete(ReportOrder).where(ReportOrder.id.in_(old)))
    return len(old)


def publish_keys(session: Session, jwks: bytes) -> None:
    """Keep the centre's public keys for those who check a file."""
    row = session.get(PublicKeys, 1)
    if row is None:
        session.add(PublicKeys(id=1, jwks=jwks))
    elif row.jwks != jwks:
        row.jwks = jwks


def public_keys(session: Session) -> Keyring | None:
    """The centre's public keys; None before the process that seals has ever run."""
    raw = session.scalars(select(PublicKeys.jwks).where(PublicKeys.id == 1)).one_or_none()
    return KEY_SET.decode(raw).keyring() if raw else None

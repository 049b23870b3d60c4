"""Orders on sticks: the pages place them, the jobs process does them, for it alone reads and seals."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import BinaryIO

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    not_,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from collector.errors import StickUseError, StoreDownError
from collector.sticks import faults, story
from collector.sticks.faults import Fault
from collector.sticks.story import Story
from collector.store.sticks import StickOrder, StickPiece
from collector.store.writer import Writer

log = logging.getLogger(__name__)

PIECE = 1 << 20
MOST_WAITING = 4
"""Orders that may wait at once, of all accounts: each may hold a stick's worth of the database."""
MOST_TRIES = 3
"""So often an order is begun: when the process ended each time, or the database went away that took before and after, it is the order."""
MOST_KIOSKS = 200
"""Kiosks of one order."""
LOST = timedelta(minutes=1)
"""An upload of which no piece came for so long never ends: the pages' process went away. It takes nobody's place any more."""
MOST_KEPT = 4 << 30
"""Bytes of all files that can be fetched; beyond, the oldest are let go before their time."""
REMEMBERED = timedelta(days=400)
"""Orders are kept for so long, without their files."""


class Kind(StrEnum):
    """What is asked for."""

    BRING = "bring"
    GIVE = "give"


class State(StrEnum):
    """How far an order is."""

    ARRIVING = "arriving"
    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"


OPEN = (State.ARRIVING, State.WAITING, State.WORKING)


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as the pages show it."""

    id: str
    kind: Kind
    kiosks: tuple[str, ...]
    version: str
    asked_by: str
    asked_at: datetime
    state: State
    tries: int
    done: int
    size: int
    story: Story
    error: Fault | None
    finished_at: datetime | None

    @property
    def ready(self) -> bool:
        """Whether there is a file to take along."""
        return self.kind is Kind.GIVE and self.state is State.DONE

    @property
    def open(self) -> bool:
        """Whether something will still happen."""
        return self.state in OPEN


def place(  # noqa: PLR0913 - an order is all of this
    session: Session,
    kind: Kind,
    *,
    kiosks: Sequence[str],
    by: str,
    now: datetime,
    version: str = "",
    told: Story = story.NOTHING,
) -> str:
    """Place an order; its id. One that brings something waits for its file: see `arrived`.

    Raises StickUseError when too many wait, or for too many kiosks or none.
    """
    waiting = select(func.count()).where(StickOrder.state.in_(OPEN), not_(and_(*_lost(now))))
    if (session.scalar(waiting) or 0) >= MOST_WAITING:
        raise StickUseError(
            f"{MOST_WAITING} sticks wait already: let them be done first, in a minute or two",
            faults.WAITING,
            str(MOST_WAITING),
        )
    if kind is Kind.GIVE and not 1 <= len(kiosks) <= MOST_KIOSKS:
        words = f"{len(kiosks)} kiosks in one order: from 1 to {MOST_KIOSKS}; make several"
        raise StickUseError(words, faults.KIOSKS, str(MOST_KIOSKS))
    state = State.ARRIVING if kind is Kind.BRING else State.WAITING
    row = StickOrder(id=secrets.token_hex(16), kind=kind.value, kiosks=json.dumps(list(kiosks)), state=state.value)
    row.asked_by, row.asked_at, row.version, row.told = by, now, version, story.write(told)
    session.add(row)
    session.flush()
    return row.id


def arrived(session: Session, order: str, size: int) -> None:
    """Its file is whole: it may be taken in. Raises StickUseError for one that was given up meanwhile."""
    _still_arriving(session.connection(), order, state=State.WAITING.value, size=size)


def change(session: Session, order: str, **values: object) -> None:
    """Change columns of an order."""
    session.execute(update(StickOrder).where(StickOrder.id == order).values(values))


def keep(writer: Writer, order: str, file: BinaryIO, clock: Callable[[], datetime] | None = None) -> int:
    """Keep an order's file, in place of any before; its bytes. A transaction a piece: on SQLite the intake waits meanwhile.

    `clock`: of an upload, which says with every piece that it still comes. Raises StickUseError for one that was given up.
    """
    with writer.session() as session:
        let_go(session, order)
    size = 0
    for number, piece in enumerate(iter(lambda: file.read(PIECE), b"")):
        with writer.transaction() as connection:
            if clock:
                _still_arriving(connection, order, asked_at=clock())
            connection.execute(insert(StickPiece).values(order=order, number=number, content=piece))
        size += len(piece)
    return size


def let_go(session: Session, order: str) -> None:
    """Delete an order's file."""
    session.execute(delete(StickPiece).where(StickPiece.order == order))


def content(engine: Engine, order: str) -> Iterator[bytes]:
    """An order's file, a piece at a time, with no connection held between two."""
    for number in count():
        query = select(StickPiece.content).where(StickPiece.order == order, StickPiece.number == number)
        with Session(engine) as session:
            piece = session.scalar(query)
        if piece is None:
            return
        yield piece


def placed(session: Session, limit: int, offset: int = 0) -> list[Placed]:
    """Orders of all accounts, the newest first."""
    query = select(StickOrder).order_by(StickOrder.asked_at.desc(), StickOrder.id)
    return [_placed(row) for row in session.scalars(query.limit(limit).offset(offset))]


def find(session: Session, order: str) -> Placed | None:
    """One order."""
    row = session.get(StickOrder, order)
    return _placed(row) if row else None


def mark(session: Session) -> list[tuple[object, ...]]:
    """What changes when any order does."""
    columns = (func.count(), func.max(StickOrder.asked_at), func.max(StickOrder.finished_at), func.sum(StickOrder.done))
    query = select(StickOrder.state, *columns).group_by(StickOrder.state).order_by(StickOrder.state)
    return [tuple(row) for row in session.execute(query)]


def next_waiting(session: Session) -> Placed | None:
    """The oldest order that waits."""
    query = select(StickOrder).where(StickOrder.state == State.WAITING.value)
    row = session.scalars(query.order_by(StickOrder.asked_at, StickOrder.id).limit(1)).one_or_none()
    return _placed(row) if row else None


def begin(session: Session, order: str) -> None:
    """It is worked on, once more."""
    change(session, order, state=State.WORKING.value, tries=StickOrder.tries + 1)


def take_up_again(session: Session, now: datetime) -> None:
    """What was at work when the process was ended waits again: to do it twice is harmless. What ended it again and again fails."""
    working = StickOrder.state == State.WORKING.value
    for order in session.scalars(select(StickOrder.id).where(working, StickOrder.tries >= MOST_TRIES)).all():
        fail(session, order, Fault(faults.CRASHED, str(MOST_TRIES)), now)
    session.execute(update(StickOrder).where(working).values(state=State.WAITING.value, done=0))


def miss(writer: Writer, now: datetime) -> None:
    """Files that are in no backup are not there after it was restored: what had one is gone, or fails."""
    no_file = ~exists().where(StickPiece.order == StickOrder.id)
    brought = (StickOrder.kind == Kind.BRING.value, StickOrder.state == State.WAITING.value)
    _each(writer, select(StickOrder.id).where(*_READY, no_file), _gone)
    _each(
        writer,
        select(StickOrder.id).where(*brought, no_file),
        lambda session, order: fail(session, order, Fault(faults.LOST), now),
    )


def fail(session: Session, order: str, fault: Fault, now: datetime) -> None:
    """It cannot be done; what was uploaded is let go."""
    let_go(session, order)
    change(session, order, state=State.FAILED.value, error=faults.encode(fault), finished_at=now)


def sweep(writer: Writer, now: datetime, kept: timedelta) -> None:
    """Let files go that were kept for long enough, forget uploads that broke off, and orders that nobody asks for any more."""
    _each(writer, select(StickOrder.id).where(*_READY, StickOrder.finished_at < now - kept), _gone)
    for where in (_lost(now), (StickOrder.asked_at < now - REMEMBERED,)):
        _each(writer, select(StickOrder.id).where(*where), forget)


def make_room(writer: Writer) -> None:
    """Let the oldest files go, as far as all together are more than may be kept; the newest stays."""
    newest = (
        select(StickOrder.id, StickOrder.size).where(*_READY).order_by(StickOrder.finished_at.desc(), StickOrder.id)
    )
    with writer.session() as session:
        sizes = session.execute(newest).all()
    total, over = 0, []
    for number, (order, size) in enumerate(sizes):
        total += size
        if number and total > MOST_KEPT:
            over.append(order)
    _one_by_one(writer, over, _gone)


def _each(writer: Writer, query: Select[str], act: Callable[[Session, str], object]) -> None:
    with writer.session() as session:
        found = session.scalars(query).all()
    _one_by_one(writer, found, act)


def _one_by_one(writer: Writer, found: Iterable[str], act: Callable[[Session, str], object]) -> None:
    """A transaction each: one that the database does not take undoes and blocks no other, and is tried again with the next round."""
    for order in found:
        try:
            with writer.session() as session:
                act(session, order)
        except (StoreDownError, DBAPIError) as error:
            log.warning("order %s on a stick stays as it is: %s", order, error)


def forget(session: Session, order: str) -> None:
    """Delete an order and its file: it never came about."""
    let_go(session, order)
    session.execute(delete(StickOrder).where(StickOrder.id == order))


def _lost(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return StickOrder.state == State.ARRIVING.value, StickOrder.asked_at < now - LOST


def _still_arriving(connection: Connection, order: str, **values: object) -> None:
    there = (StickOrder.id == order, StickOrder.state == State.ARRIVING.value)
    if not connection.execute(update(StickOrder).where(*there).values(values)).rowcount:
        raise StickUseError(f"upload {order} came to a halt and was given up: send the stick again", faults.LOST)


_READY = (StickOrder.state == State.DONE.value, StickOrder.kind == Kind.GIVE.value)


def _gone(session: Session, order: str) -> None:
    let_go(session, order)
    change(session, order, state=State.GONE.value)


def _placed(row: StickOrder) -> Placed:
    return Placed(
        id=row.id,
        kind=Kind(row.kind),
        kiosks=tuple(json.loads(row.kiosks)),
        version=row.version,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        state=State(row.state),
        tries=row.tries,
        done=row.done,
        size=row.size,
        story=story.read(row.told),
        error=faults.decode(row.error) if row.error else None,
        finished_at=row.finished_at,
    )

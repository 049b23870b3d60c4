"""The relay's own database and key; one thread writes it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from kiosk.database import DatabaseError, Trouble, Writer, WriterLock
from kiosk.relay.inbound import SealedCommand, SealedRules
from kiosk.relay.reader import RELAY_FILE
from kiosk.relay.tables import COMMANDS, LATEST, LINK, ORDERS, TABLES
from wire.errors import WireError
from wire.messages import Command
from wire.types import format_instant

LOG = logging.getLogger(__name__)

MOST_COMMANDS = 1000

Outcome: TypeAlias = Literal["done", "expired"]
"""What can become of a command here."""


class Store:
    """`relay.db` in a folder. Nothing in it is irreplaceable: a damaged file is renamed and the centre asked again."""

    def __init__(self, folder: Path) -> None:
        """Open the file, or make it. Raises kiosk.database.TakenError, DatabaseError."""
        self._path = folder / RELAY_FILE
        self._lock = WriterLock(self._path)
        try:
            self._writer = self._open()
        except DatabaseError:
            self._lock.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One durable commit. Raises DatabaseError; of a damaged file it is the last one: the next works on a new file."""
        try:
            with self._writer.transaction() as connection:
                yield connection
        except WireError as error:  # in what is stored: a message that comes is read before
            damaged = DatabaseError(self._path, Trouble.DAMAGED, error)
            self._begin_anew(damaged)
            raise damaged from error
        except DatabaseError as error:
            if error.trouble is Trouble.DAMAGED:
                self._begin_anew(error)
            raise

    def close(self) -> None:
        """Close the file; twice is fine."""
        self._writer.close()
        self._lock.close()

    def _open(self) -> Writer:
        try:
            return Writer(self._path, TABLES)
        except DatabaseError as error:
            if error.trouble is not Trouble.DAMAGED:
                raise
            self._set_aside(error)
            return Writer(self._path, TABLES)

    def _begin_anew(self, error: DatabaseError) -> None:
        self._writer.close()
        self._set_aside(error)
        self._writer = Writer(self._path, TABLES)

    def _set_aside(self, error: DatabaseError) -> None:
        aside = self._path.with_name(f"{RELAY_FILE}.damaged-{time.time_ns()}")
        LOG.error("%s: kept as %s, a new one is made", error, aside.name)
        self._path.with_name(RELAY_FILE + "-journal").unlink(missing_ok=True)
        self._path.rename(aside)


def set_link(connection: Connection, *, online: bool, now: float) -> None:
    """Note that the connection changed, at `now` seconds since 1970."""
    row = {"id": 1, "online": online, "since": now}
    connection.execute(upsert(LINK).values(row).on_conflict_do_update(index_elements=["id"], set_=row))


def take_rules(connection: Connection, came: SealedRules) -> bool:
    """Keep newer rules; False for older ones."""
    held = connection.execute(select(LATEST.c.version).where(LATEST.c.kind == "rules")).scalar()
    if held is not None and came.rules.version <= held:
        return False
    row = {"kind": "rules", "version": came.rules.version, "sealed": came.sealed}
    connection.execute(upsert(LATEST).values(row).on_conflict_do_update(index_elements=["kind"], set_=row))
    return True


def command_outcome(connection: Connection, command: Command) -> Outcome | None:
    """What became of a command that came before; None for a new one."""
    return connection.execute(select(COMMANDS.c.outcome).where(COMMANDS.c.id == command.id)).scalar()


def keep_command(connection: Connection, command: Command, outcome: Outcome) -> None:
    """Remember a command, so that it is done once however often it comes."""
    row = {"id": command.id, "expires": format_instant(command.expires), "outcome": outcome}
    connection.execute(upsert(COMMANDS).values(row).on_conflict_do_nothing())
    if (connection.execute(select(func.count()).select_from(COMMANDS)).scalar_one()) > MOST_COMMANDS:
        oldest = select(func.min(COMMANDS.c.expires)).scalar_subquery()
        connection.execute(delete(COMMANDS).where(COMMANDS.c.expires == oldest))


def hand_over(connection: Connection, came: SealedCommand) -> None:
    """Lay a command out for the agent. One that comes again is to be answered again."""
    row = {"id": came.command.id, "expires": format_instant(came.command.expires), "sealed": came.sealed, "told": False}
    again = upsert(ORDERS).values(row).on_conflict_do_update(index_elements=["id"], set_={"told": False})
    connection.execute(again)
    if connection.execute(select(func.count()).select_from(ORDERS)).scalar_one() > MOST_COMMANDS:
        oldest = select(func.min(ORDERS.c.expires)).scalar_subquery()
        connection.execute(delete(ORDERS).where(ORDERS.c.expires == oldest))


def untold(connection: Connection) -> list[str]:
    """Commands whose answer the centre has not been told since they last came."""
    return list(connection.execute(select(ORDERS.c.id).where(~ORDERS.c.told)).scalars())


def told(connection: Connection, number: str) -> None:
    """The answer to a command went out."""
    connection.execute(update(ORDERS).where(ORDERS.c.id == number).values(told=True))

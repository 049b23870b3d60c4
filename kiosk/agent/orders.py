"""Commands as the relay laid them out, each verified here once more: the relay is on the network, the agent is not."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, select

from firmware import clock
from kiosk.database import DatabaseError, Reader
from kiosk.relay.centre_keys import CentreKeys
from kiosk.relay.inbound import CENTRE
from kiosk.relay.reader import RELAY_FILE
from kiosk.relay.tables import ORDERS
from wire.errors import ContractError, SealError, WireError
from wire.messages import COMMAND, Command
from wire.seals import Sealed

log = logging.getLogger(__name__)


class Orders:
    """A look at relay.db, never a write to it."""

    def __init__(self, relay: Path, centre_keys: Path, kiosk: str) -> None:
        self._reader = Reader(relay / RELAY_FILE)
        self._keys = CentreKeys(centre_keys)
        self._kiosk = kiosk
        self._refused: set[str] = set()

    def waiting(self) -> list[Command]:
        """The genuine commands that are laid out; what is not genuine is said once and left. Raises DatabaseError."""
        if not self._reader.path.exists():
            return []
        return [command for sealed in self._reader.look(_sealed) if (command := self._open(sealed)) is not None]

    def told(self, number: str) -> bool:
        """Whether the relay has sent this command's answer."""
        try:
            return self._reader.path.exists() and bool(self._reader.look(lambda connection: _told(connection, number)))
        except DatabaseError:
            return False

    def _open(self, sealed: str) -> Command | None:
        try:
            key = self._keys.ring().find(sealed)
            if key.name.owner != CENTRE:
                raise SealError(f"sealed by {key.name}, not by the centre")
            command = COMMAND.decode(key.verify(sealed, Sealed.COMMAND))
            if command.kiosk != self._kiosk:
                raise ContractError(f"is for kiosk {command.kiosk!r}")
        except WireError as error:
            if str(error) not in self._refused:
                log.warning("a command that is not genuine is left undone: %s", error)
            self._refused.add(str(error))
            return None
        return command


def over(command: Command, newest: datetime) -> bool:
    """Whether a command's time has passed.

    `newest`: when the newest genuine command was given, by the centre's clock. While nobody vouches for the kiosk's own, that
    is the best that is known of the time: it cannot be later than now.
    """
    reading = clock.read()
    return (newest if reading.source == "none" else reading.at) > command.expires


def now() -> datetime:
    """The time of an answer."""
    return datetime.now(UTC)


def _sealed(connection: Connection) -> list[str]:
    return list(connection.execute(select(ORDERS.c.sealed).order_by(ORDERS.c.expires, ORDERS.c.id)).scalars())


def _told(connection: Connection, number: str) -> bool | None:
    return connection.execute(select(ORDERS.c.told).where(ORDERS.c.id == number)).scalar()

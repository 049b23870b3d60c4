"""Looking at the relay's database from the kiosk process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, select

from kiosk.database import Reader, has_writer
from kiosk.ledger.entry import Receipted, Rejection
from kiosk.relay import pictures, receipts, rosters, spool
from kiosk.relay.rosters import RawRoster
from kiosk.relay.tables import LATEST, LINK

T = TypeVar("T")

RELAY_FILE = "relay.db"
FETCHED = "fetched"
"""Folder of the relay where releases lie that it has fetched for the agent."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """Whether the broker is reached, and since when (UTC, the kiosk's clock); None when that was never known."""

    online: bool
    since: datetime | None


class RelayReader:
    """Short, read-only looks at `relay.db` in a folder. Before the relay's first start everything is empty.

    Every method raises `kiosk.database.DatabaseError` while the file is busy for longer than a second, or damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._reader = Reader(folder / RELAY_FILE)

    def changed(self) -> bool:
        """Whether the relay wrote anything since the last call; cheap enough for several calls a second."""
        return self._reader.path.exists() and self._reader.changed()

    def receipts(self) -> dict[str, Receipted]:
        """What the centre has, by chain."""
        return self._ask(receipts.receipts, {})

    def rejected(self) -> tuple[Rejection, ...]:
        """Records that the centre set aside, oldest first."""
        return self._ask(receipts.rejected, ())

    def pictures(self) -> dict[str, str]:
        """Evidence pictures that need not be kept any longer, and the word why: stored, or why the centre refused one."""
        return self._ask(pictures.settled, {})

    def deletable(self, keep_days: int) -> Mapping[str, int]:
        """Up to which number the records of each chain have been at the centre for `keep_days`: what may be trimmed."""
        return self._ask(lambda connection: receipts.deletable(connection, keep_days), {})

    def link(self) -> LinkState:
        """The connection to the broker; a relay that was killed has none, whatever it wrote last."""
        state = self._ask(link_state, LinkState(online=False, since=None))
        return state if self.lives() else replace(state, online=False)

    def lives(self) -> bool:
        """Whether a relay process is there; cheap enough for several calls a second."""
        return has_writer(self._reader.path)

    def roster(self) -> RawRoster | None:
        """The roster in force, encrypted; None before the first complete one. Raises WireError for damaged text, too."""
        return self._ask(rosters.raw_roster, None)

    def rules(self) -> str | None:
        """The newest rules as the centre sealed them; None before the first."""
        return self._ask(latest_rules, None)

    def roster_versions(self) -> dict[str, int]:
        """Versions of the active roster and of the candidate, by slot: while they stand, so does the roster in force."""
        return self._ask(rosters.versions, {})

    def spooled(self) -> str | None:
        """Name of the last file of the agent's spool that was taken in to its end."""
        return self._ask(spool.taken, None)

    def close(self) -> None:
        """Let go of the file; twice is fine."""
        self._reader.close()

    def _ask(self, ask: Callable[[Connection], T], nothing: T) -> T:
        return self._reader.look(ask) if self._reader.path.exists() else nothing


def latest_rules(connection: Connection) -> str | None:
    """The rules as relay.db has them."""
    return connection.execute(select(LATEST.c.sealed).where(LATEST.c.kind == "rules")).scalar()


def link_state(connection: Connection) -> LinkState:
    """The connection as relay.db has it."""
    row = connection.execute(select(LINK)).first()
    return LinkState(row.online, datetime.fromtimestamp(row.since, UTC)) if row else LinkState(False, None)

"""Evidence pictures to the centre: after the records, a few at a time, again and again until a receipt names them.

The kiosk process alone deletes them: what the centre said of which stands in relay.db until their files are gone.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from kiosk.evidence.album import AlbumReader
from kiosk.relay.link import Link
from kiosk.relay.tables import PICTURES
from wire.messages import Receipt
from wire.seals import digest
from wire.topics import Address

LOG = logging.getLogger(__name__)

STORED = "stored"
DAMAGED = "damaged"

LIST_S = 5.0
ON_THE_WAY = 4
RESEND_CAP_S = 3600.0
NEVER = 0.0, 0.0


class Courier:
    """Sends the album's pictures. Times are seconds of one monotonic clock."""

    def __init__(self, ledger: Path, kiosk: str, resend_s: float) -> None:
        self._album = AlbumReader(ledger)
        self._kiosk = kiosk
        self._resend_s = resend_s
        self._settled: dict[str, str] = {}
        self._due: dict[str, tuple[float, float]] = {}  # when again, and how long the wait before was
        self._waiting: list[str] = []
        self._listed_at: float | None = None

    def begin(self, connection: Connection) -> None:
        """Take up where the process before left off."""
        self._settled = settled(connection)

    def connected(self) -> None:
        """A new connection: what was on the way may be lost."""
        self._due.clear()

    def send(self, link: Link, now: float) -> None:
        """Publish one picture when one is due. Records go before: call it when little of them is on the way."""
        if not link.is_up:
            return
        self._list(now)
        if sum(again > now for again, _ in self._due.values()) >= ON_THE_WAY:
            return
        due = [name for name in self._waiting if self._due.get(name, NEVER)[0] <= now]
        if due:  # what was never sent goes before what nobody answered; among equals the oldest
            self._publish(link, min(due, key=lambda name: self._due.get(name, NEVER)[1]), now)

    def settle(self, connection: Connection, receipt: Receipt) -> None:
        """Note what the centre said of pictures that are here: it has them, or will not have them."""
        said = {one.digest: one.reason for one in receipt.rejected} | dict.fromkeys(receipt.blobs, STORED)
        here = set(self._album.waiting()) if said else set()
        news = {name: word for name, word in said.items() if name in here}
        for name, word in news.items():
            if word != STORED:
                LOG.warning("the centre does not take a picture: %s", word)
            _note(connection, name, word)
            self._settle(name, word)
        if news:
            forget(connection, here)

    def _settle(self, name: str, word: str) -> None:
        self._settled[name] = word
        self._due.pop(name, None)
        self._waiting = [one for one in self._waiting if one != name]

    def _list(self, now: float) -> None:
        if self._listed_at is not None and now - self._listed_at < LIST_S:
            return
        self._listed_at = now
        here = self._album.waiting()
        self._settled = {name: self._settled[name] for name in here if name in self._settled}
        self._due = {name: self._due[name] for name in here if name in self._due}
        self._waiting = [name for name in here if name not in self._settled]

    def _publish(self, link: Link, name: str, now: float) -> None:
        sealed = self._album.read(name)
        if sealed is None or digest(sealed) != name:
            if sealed is not None:
                LOG.warning("a picture on the disk is damaged and is not sent")
            self._settle(name, DAMAGED)  # until the next start: the kiosk lets it go when it is old
            return
        if link.publish(Address(self._kiosk, "blobs", name).topic, sealed) is not None:
            wait_s = min(max(2 * self._due.get(name, NEVER)[1], self._resend_s), RESEND_CAP_S)
            self._due[name] = now + wait_s, wait_s


def settled(connection: Connection) -> dict[str, str]:
    """What the centre said of which picture."""
    return {row.digest: row.word for row in connection.execute(select(PICTURES))}


def forget(connection: Connection, here: Collection[str]) -> None:
    """Let go of what was said of pictures that are not here any more."""
    gone = [name for name in settled(connection) if name not in here]
    for name in gone:
        connection.execute(delete(PICTURES).where(PICTURES.c.digest == name))


def _note(connection: Connection, name: str, word: str) -> None:
    row = {"digest": name, "word": word}
    connection.execute(upsert(PICTURES).values(row).on_conflict_do_update(index_elements=["digest"], set_=row))

"""The relay's process: one loop that takes in, sends out, and tells how it is."""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable

from sqlalchemy import Connection

from firmware.watchdog import notify
from kiosk.agent.answers import answer
from kiosk.database import DatabaseError, Trouble
from kiosk.keys import open_relay_key
from kiosk.ledger.entry import Receipted
from kiosk.relay import receipts, rosters, spool, store
from kiosk.relay.backoff import Backoff
from kiosk.relay.centre_keys import CentreKeys
from kiosk.relay.fetching import Fetcher
from kiosk.relay.health import TELL_EVERY_S, Health, Outlook
from kiosk.relay.inbound import Inbound
from kiosk.relay.intake import Intake
from kiosk.relay.link import Came, Down, Link, LinkEvent, Up
from kiosk.relay.outbound import Outbound
from kiosk.relay.reader import link_state
from kiosk.settings import KioskSettings
from wire.messages import REPLY, Reply
from wire.seals import Sealed
from wire.topics import Address, subscriptions_of_kiosk

LOG = logging.getLogger(__name__)

LOOK_S = 0.25
"""The ledger is looked at so often; a message is taken in at once."""

BATCH = 250
ASK_AGAIN_S = 60.0
"""A roster that lacks entries is asked for again after so long, then after twice as long, up to an hour."""
ASK_AGAIN_CAP_S = 3600.0

ANSWERS_S = 1.0
SPOOL_S = 1.0
FAREWELL_S = 1.0


def run(settings: KioskSettings, stop: threading.Event) -> None:
    """Relay until `stop` is set.

    Raises kiosk.database.TakenError, DatabaseError, kiosk.keys.KeyFileError at the start, DatabaseError when relay.db is
    damaged, LinkEnded when the thread that keeps the connection up ended.
    """
    relay = Relay(settings)
    try:
        relay.run(stop)
    finally:
        relay.close()


class Relay:
    """Everything of the process; only the thread that calls `run` touches the databases and the window."""

    def __init__(self, settings: KioskSettings) -> None:
        kiosk, folder = settings.kiosk.id, settings.folders.relay
        luck = random.SystemRandom()
        self._store = store.Store(folder)
        self._key = open_relay_key(folder / "keys", kiosk)
        self._health = Health(settings, self._key)
        self._outbound = Outbound(settings.folders.ledger, kiosk, settings.relay, luck)
        self._intake = Intake(kiosk, CentreKeys(settings.folders.centre_keys), self._outbound, settings.relay.keep_days)
        self._status_topic = Address(kiosk, "status").topic
        self._reply_topic = Address(kiosk, "replies").topic
        self._link = Link(
            settings.relay,
            f"siperlu-{kiosk}",
            subscriptions_of_kiosk(kiosk),
            (self._status_topic, lambda: self._status(online=False)),
            luck,
        )
        self._fetcher = Fetcher(settings, Backoff(luck))
        self._told: tuple[Outlook, float] | None = None
        self._online = False
        self._lost_at: float | None = time.monotonic()
        self._complained = False
        self._back = "reached"
        self._storing = True
        self._roster_version = 0
        self._answers = settings.folders.agent
        self._answers_at = 0.0
        self._spool_at = 0.0
        self._spooled: str | None = None
        self._ask_at = time.monotonic() + ASK_AGAIN_S
        self._ask_again_s = ASK_AGAIN_S
        self._receipts = self._begin()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        self._look()
        self._link.start()
        self._fetcher.start()
        notify("READY=1")
        while not stop.is_set():
            notify("WATCHDOG=1")
            self._link.check()
            self._take(self._events())
            self._look()
            self._outbound.send(self._link)
            self._ask_for_missing()
            self._bring_answers()
            self._take_stick()
            self._tell()
        notify("STOPPING=1")

    def close(self) -> None:
        """Say farewell, and let go of everything; twice is fine."""
        self._fetcher.close()
        farewell = self._link.publish(self._status_topic, self._status(online=False), retain=True)
        if farewell:
            farewell.wait_for_publish(FAREWELL_S)
        self._link.close()
        self._outbound.close()
        self._store.close()

    def _look(self) -> None:
        if self._outbound.look():
            self._write(self._settle)

    # -- in

    def _events(self) -> list[LinkEvent]:
        """What happened: at once when something did, an empty list after a quarter of a second."""
        found: list[LinkEvent] = []
        try:
            found.append(self._link.events.get(timeout=LOOK_S))
            while len(found) < BATCH:
                found.append(self._link.events.get_nowait())
        except queue.Empty:
            pass
        return found

    def _take(self, events: list[LinkEvent]) -> None:
        """Changes of the link in their order, then the messages, in one commit."""
        for event in events:
            if not isinstance(event, Came):
                self._note_link(event)
        messages = self._intake.open(event for event in events if isinstance(event, Came))
        if messages:
            self._write(lambda connection: self._store_messages(connection, messages))
        if self._intake.refresh:
            self._intake.refresh = False
            self._link.subscribe()

    def _store_messages(self, connection: Connection, messages: list[Inbound]) -> list[Reply]:
        replies = self._intake.store(connection, messages)
        self._receipts = receipts.receipts(connection)
        self._roster_version = rosters.version(connection)
        return replies

    def _write(self, work: Callable[[Connection], list[Reply]]) -> None:
        """One commit, then its replies. On a full disk records go on leaving; what came is asked for again later.

        Raises DatabaseError for a damaged file: what this process knows of it is void, the next one begins anew.
        """
        try:
            with self._store.transaction() as connection:
                replies = work(connection)
        except DatabaseError as error:
            if error.trouble is Trouble.DAMAGED:
                raise
            if self._storing:
                LOG.error("what the centre says cannot be kept: %s", error)  # noqa: TRY400
            self._storing = False
            return
        if not self._storing:
            LOG.info("what the centre says can be kept again")
            self._storing = True
            self._link.subscribe()
        for reply in replies:
            self._link.publish(self._reply_topic, self._key.seal(Sealed.REPLY, REPLY.encode(reply)))

    def _settle(self, connection: Connection) -> list[Reply]:
        """The kiosk began another chain."""
        if self._outbound.newest:
            receipts.settle(connection, self._outbound.newest)
            self._receipts = receipts.receipts(connection)
        return []

    def _ask_for_missing(self) -> None:
        """Entries may have been lost on the way: the broker sends all it retains again when asked."""
        now = time.monotonic()
        if now < self._ask_at:
            return
        self._ask_again_s = min(self._ask_again_s * 2, ASK_AGAIN_CAP_S)
        self._ask_at = now + self._ask_again_s
        self._write(self._ask_again)

    def _ask_again(self, connection: Connection) -> list[Reply]:
        missing = rosters.missing(connection)
        if missing:
            LOG.info("%d roster entries are missing, asking for them again", missing)
            self._link.subscribe()
        else:
            self._ask_again_s = ASK_AGAIN_S
        return []

    def _bring_answers(self) -> None:
        """What the agent answered goes to the centre; it goes again when the command comes again."""
        if self._link.is_up and time.monotonic() >= self._answers_at:
            self._answers_at = time.monotonic() + ANSWERS_S
            self._write(self._answered)

    def _answered(self, connection: Connection) -> list[Reply]:
        found = [answer(self._answers, number) for number in store.untold(connection)]
        replies = [reply for reply in found if reply is not None]
        for reply in replies:
            store.told(connection, reply.id)
        return replies

    def _take_stick(self) -> None:
        """What a stick brought is taken in exactly like what the broker brings, each file once."""
        if time.monotonic() < self._spool_at:
            return
        self._spool_at = time.monotonic() + SPOOL_S
        name = spool.waiting(self._answers)
        if name is None or name == self._spooled:
            return
        try:
            for batch in spool.batches(self._answers, name):
                notify("WATCHDOG=1")
                self._take(list(batch))
        except OSError as error:
            LOG.warning("what a stick brought cannot be read: %s", error)
        self._write(lambda connection: self._note_stick(connection, name))
        if self._storing:  # else it is taken again, when there is room
            self._spooled = name
            LOG.info("what a stick brought is taken in")

    def _note_stick(self, connection: Connection, name: str) -> list[Reply]:
        if self._storing:
            spool.note(connection, name)
        return []

    # -- link and status

    def _note_link(self, event: Up | Down) -> None:
        """Log and store the change, not the state."""
        now = time.monotonic()
        if isinstance(event, Up):
            self._look()
            self._outbound.window.connected()
            self._outbound.pictures.connected()
            self._told = None
            if self._lost_at is not None:
                waiting = self._outbound.waiting(self._receipts)
                LOG.info("broker %s after %.0f s, %d waiting", self._back, now - self._lost_at, waiting)
            self._lost_at, self._back = None, "back"
            self._ask_at, self._ask_again_s = now + ASK_AGAIN_S, ASK_AGAIN_S
        elif self._lost_at is None or not self._complained:
            LOG.warning("no broker: %s", event.reason)
            self._lost_at = now if self._lost_at is None else self._lost_at
        self._complained = isinstance(event, Down)
        if self._online is not isinstance(event, Up):
            self._online = isinstance(event, Up)
            self._write(self._store_link)

    def _store_link(self, connection: Connection) -> list[Reply]:
        store.set_link(connection, online=self._online, now=time.time())
        return []

    def _tell(self) -> None:
        """Publish the status when its outlook changed, and every few minutes; without a connection none is even sealed."""
        if not self._online:
            return
        outlook, now = self._outlook(), time.monotonic()
        if self._told and self._told[0] == outlook and now - self._told[1] < TELL_EVERY_S:
            return
        if self._link.publish(self._status_topic, self._status(online=True), retain=True):
            self._told = (outlook, now)

    def _status(self, *, online: bool) -> str:
        backlog = self._outbound.waiting(self._receipts)
        return self._health.status(self._outlook(), self._outbound.newest, backlog, online=online)

    def _outlook(self) -> Outlook:
        newest = self._outbound.newest
        state = "running" if self._outbound.in_service else "out-of-service"
        return Outlook(self._roster_version, state, newest.chain if newest else None)

    def _begin(self) -> dict[str, Receipted]:
        """Take up where the process before left off."""
        with self._store.transaction() as connection:
            was_online = link_state(connection).online
            self._spooled = spool.taken(connection)
            self._roster_version = rosters.version(connection)
            known = receipts.receipts(connection)
            self._outbound.pictures.begin(connection)
        for chain, receipted in known.items():
            self._outbound.window.receipt(chain, receipted.upto)
        if was_online:
            self._write(self._store_link)
        return known

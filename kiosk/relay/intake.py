"""What the centre says, verified and stored: one commit a batch."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from kiosk.ledger.entry import Rejection
from kiosk.relay import receipts, rosters, store
from kiosk.relay.centre_keys import CentreKeys
from kiosk.relay.inbound import Inbound, SealedCommand, SealedEntry, SealedManifest, SealedRules, open_message
from kiosk.relay.link import Came
from kiosk.relay.outbound import Outbound
from wire import topics
from wire.errors import WireError
from wire.messages import Command, Receipt, Reply

LOG = logging.getLogger(__name__)

REFRESH = "refresh-roster"


class Intake:
    """Takes messages of the centre in; what is not genuine is counted, logged once a kind, and dropped."""

    def __init__(self, kiosk: str, keys: CentreKeys, outbound: Outbound, keep_days: int) -> None:
        self.dropped: Counter[str] = Counter()
        self.refresh = False  # somebody asked for all retained messages again
        self._kiosk = kiosk
        self._keys = keys
        self._outbound = outbound
        self._keep_days = keep_days

    def open(self, events: Iterable[Came]) -> list[Inbound]:
        """The genuine messages among these; receipts take effect on the window here, stored or not."""
        genuine = [message for event in events if (message := self._open(event)) is not None]
        for receipt in _last_receipts(genuine):
            self._outbound.window.receipt(receipt.chain, receipt.upto)
        return genuine

    def store(self, connection: Connection, messages: Sequence[Inbound]) -> list[Reply]:
        """Store them; gives the replies to send once that is committed."""
        replies: list[Reply] = []
        roster_touched = False
        for message in messages:
            match message:
                case Receipt():
                    self._take_rejections(connection, message)
                    self._outbound.pictures.settle(connection, message)
                case SealedManifest():
                    roster_touched |= self._take_manifest(connection, message)
                case SealedEntry(sealed=""):
                    pass  # withdrawn; the manifest says who is gone
                case SealedEntry():
                    rosters.take_entry(connection, message)
                    roster_touched = True
                case SealedRules():
                    store.take_rules(connection, message)
                case SealedCommand():
                    replies += self._order(connection, message)
        for receipt in _last_receipts(messages):
            self._take_receipt(connection, receipt)
        if roster_touched and (version := rosters.advance(connection)):
            LOG.info("roster version %d is in force", version)
        return replies

    def _open(self, event: Came) -> Inbound | None:
        try:
            return open_message(event.topic, event.payload, self._kiosk, self._keys.ring())
        except (WireError, UnicodeDecodeError) as error:
            kind = f"{_channel(event.topic)}: {type(error).__name__}"
            self.dropped[kind] += 1
            if self.dropped[kind] == 1:
                LOG.warning("dropped a message (%s); more of this kind are only counted: %s", kind, error)
            return None

    def _take_receipt(self, connection: Connection, receipt: Receipt) -> None:
        newest = self._outbound.newest
        if newest and receipt.chain == newest.chain and receipt.upto > newest.last:
            self._outbound.look(again=True)  # what the ledger got a moment ago may have travelled by stick
        if self._outbound.newest is None:
            return  # whether it fits the ledger cannot be told; sending again brings another
        receipts.take(connection, receipt, self._outbound.newest, self._keep_days)

    def _take_rejections(self, connection: Connection, receipt: Receipt) -> None:
        for one in receipt.rejected:
            known = self._outbound.window.reject(one.digest)
            chain, seq = known or (receipt.chain, one.seq)
            if seq is not None:
                receipts.reject(connection, Rejection(chain, seq, one.digest, one.reason))

    def _take_manifest(self, connection: Connection, came: SealedManifest) -> bool:
        taken = rosters.take_manifest(connection, came)
        if taken:
            LOG.info("roster version %d announced, %d people", came.manifest.version, len(came.manifest.people))
        return taken

    def _order(self, connection: Connection, message: SealedCommand) -> list[Reply]:
        """Fetching the roster is the relay's own work; every other command is laid out for the agent, which answers later."""
        if message.command.command == REFRESH:
            return [self._refresh(connection, message.command)]
        store.hand_over(connection, message)
        return []

    def _refresh(self, connection: Connection, command: Command) -> Reply:
        """Ask for all retained messages again, once a command."""
        now = datetime.now(UTC)
        outcome = store.command_outcome(connection, command)
        if outcome is None:
            outcome = "expired" if now > command.expires else "done"
            self.refresh |= outcome == "done"
            store.keep_command(connection, command, outcome)
        return Reply(kiosk=self._kiosk, id=command.id, at=now, outcome=outcome)


def _last_receipts(messages: Iterable[Inbound]) -> list[Receipt]:
    """The last one of each chain: it is the centre's present word, those before it are history."""
    return list({message.chain: message for message in messages if isinstance(message, Receipt)}.values())


def _channel(topic: str) -> str:
    try:
        return topics.parse(topic).channel
    except WireError:
        return "unknown topic"

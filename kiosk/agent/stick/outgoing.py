"""From the kiosk to a stick: what the centre has no receipt for, how the kiosk is, and what it answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from kiosk.agent.answers import answer
from kiosk.database import DatabaseError, Reader, Trouble
from kiosk.keys import open_relay_key
from kiosk.ledger import ChainSpan, LedgerReader, Receipted
from kiosk.relay import RelayReader, store
from kiosk.relay.condition import Condition
from kiosk.relay.health import Health, Outlook
from kiosk.relay.reader import RELAY_FILE
from kiosk.settings import KioskSettings
from stick import StickFolder
from wire.messages import REPLY
from wire.seals import Sealed, SealingKey
from wire.stick import PARTS, Carried, Place
from wire.topics import Address

BATCH = 500
RELAY_KEY = "relay-1.jwk"


def write(stick: StickFolder, settings: KioskSettings) -> int:
    """Write all that is due; gives the number of records. Raises stick.StickError, DatabaseError, KeyFileError."""
    kiosk, folders = settings.kiosk.id, settings.folders
    with closing(LedgerReader(folders.ledger)) as ledger, closing(RelayReader(folders.relay)) as relay:
        count = stick.write(Place(kiosk, PARTS["records"]), _records(kiosk, ledger, relay))
        # Made by the relay at its first start: a key made here would be root's, and not the one that the centre knows.
        if (folders.relay / "keys" / RELAY_KEY).exists():
            key = open_relay_key(folders.relay / "keys", kiosk)
            status = Carried(Address(kiosk, "status").topic, _status(settings, key, ledger, relay).encode())
            stick.write(Place(kiosk, PARTS["status"]), [status])
            stick.write(Place(kiosk, PARTS["replies"]), _replies(settings, key))
    return count


def _records(kiosk: str, ledger: LedgerReader, relay: RelayReader) -> Iterator[Carried]:
    """Records without a receipt that the centre has not set aside either, each chain in its order."""
    topic = Address(kiosk, "records").topic
    receipts = relay.receipts()
    rejected = {(one.chain, one.seq) for one in relay.rejected()}
    for span in _chains(ledger):
        seq = max(span.kept, receipts.get(span.chain, Receipted(0)).upto)
        while found := ledger.after(span, seq, BATCH):
            for one in found:
                if (one.chain, one.seq) not in rejected:
                    yield Carried(topic, one.sealed.encode("ascii"))
            seq = found[-1].seq


def _chains(ledger: LedgerReader) -> tuple[ChainSpan, ...]:
    try:
        return ledger.chains()
    except DatabaseError as error:
        if error.trouble is Trouble.ABSENT:
            return ()
        raise


def _status(settings: KioskSettings, key: SealingKey, ledger: LedgerReader, relay: RelayReader) -> str:
    spans, receipts = _chains(ledger), relay.receipts()
    newest = spans[-1] if spans else None
    condition = Condition()
    if newest:
        condition.follow(ledger, newest)
    serves = condition.in_service is True and ledger.lives()
    backlog = sum(max(0, span.last - receipts.get(span.chain, Receipted(0)).upto) for span in spans)
    version = relay.roster_versions().get("active", 0)
    outlook = Outlook(version, "running" if serves else "out-of-service", newest.chain if newest else None)
    return Health(settings, key).status(outlook, newest, backlog, online=relay.link().online)


def _replies(settings: KioskSettings, key: SealingKey) -> Iterator[Carried]:
    """Answers that the centre has not been told; one that it has already changes nothing there."""
    folders, topic = settings.folders, Address(settings.kiosk.id, "replies").topic
    for number in _untold(settings):
        reply = answer(folders.agent, number)
        if reply is not None:
            yield Carried(topic, key.seal(Sealed.REPLY, REPLY.encode(reply)).encode("ascii"))


def _untold(settings: KioskSettings) -> list[str]:
    path = settings.folders.relay / RELAY_FILE
    if not path.exists():
        return []
    with closing(Reader(path)) as reader:
        return reader.look(store.untold)

"""From the kiosk to a stick: records and pictures that the centre has no receipt for, how the kiosk is, and what it answered."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing

from kiosk.agent.answers import answer
from kiosk.database import DatabaseError, Reader, Trouble
from kiosk.evidence.album import AlbumReader
from kiosk.keys import open_relay_key
from kiosk.ledger import ChainSpan, LedgerReader, Receipted
from kiosk.relay import RelayReader, store
from kiosk.relay.condition import Condition
from kiosk.relay.health import Health, Outlook
from kiosk.relay.reader import RELAY_FILE
from kiosk.settings import KioskSettings
from stick import StickError, StickFolder
from wire.messages import REPLY
from wire.seals import Sealed, SealingKey, digest
from wire.stick import PARTS, Carried, Place
from wire.topics import Address

log = logging.getLogger(__name__)

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
        _write_pictures(stick, settings, relay)
    return count


def _write_pictures(stick: StickFolder, settings: KioskSettings, relay: RelayReader) -> None:
    """Last, where there is room for them: for want of it nobody is told that the stick with all the records was refused."""
    kiosk, album = settings.kiosk.id, AlbumReader(settings.folders.ledger)
    try:
        stick.write(Place(kiosk, PARTS["blobs"]), _pictures(kiosk, album, relay))
    except StickError as error:
        log.warning("the pictures stay for the next stick: %s", error)


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


def _pictures(kiosk: str, album: AlbumReader, relay: RelayReader) -> Iterator[Carried]:
    """Evidence pictures that the centre has not settled, the oldest first."""
    done = relay.pictures()
    for name in album.waiting():
        sealed = album.read(name) if name not in done else None
        if sealed is not None and digest(sealed) == name:
            yield Carried(Address(kiosk, "blobs", name).topic, sealed.encode("ascii"))


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

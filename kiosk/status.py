"""What is on a kiosk's disk, read without disturbing the processes that write it."""

from __future__ import annotations

from functools import partial
from typing import Any

from kiosk.database import DatabaseError
from kiosk.keys import KioskKeys, open_relay_key
from kiosk.ledger import LedgerReader, Receipted
from kiosk.relay.reader import RelayReader
from kiosk.settings import KioskSettings
from wire.errors import WireError
from wire.jwks import KeySet, key_set, readable
from wire.messages import ROSTER_MANIFEST
from wire.seals import payload_of

KEYS = "keys"


def public_keys(settings: KioskSettings) -> str:
    """The public keys of kiosk and relay as an indented JSON Web Key Set; made at first use. Raises KeyFileError."""
    kiosk, folders = settings.kiosk.id, settings.folders
    own = KioskKeys(folders.ledger / KEYS, kiosk).public()
    relay = key_set([open_relay_key(folders.relay / KEYS, kiosk).public], [])
    return readable(KeySet(keys=(*own.keys, *relay.keys)))


def read_status(settings: KioskSettings) -> dict[str, Any]:
    """Chain, last number, records without a receipt, roster version and link.

    A part that cannot be read is None, with its reason under `problems`.
    """
    found: dict[str, Any] = {
        "kiosk": settings.kiosk.id,
        "chain": None,
        "last_seq": None,
        "backlog": None,
        "roster_version": None,
        "enrolled": None,
        "online": None,
        "since": None,
    }
    problems: list[str] = []
    relay, ledger = RelayReader(settings.folders.relay), LedgerReader(settings.folders.ledger)
    for read in (partial(_ledger, ledger, relay), partial(_relay, relay)):
        try:
            found.update(read())
        except (DatabaseError, WireError) as error:
            problems.append(str(error))
    relay.close()
    ledger.close()
    return {**found, "problems": problems}


def _ledger(ledger: LedgerReader, relay: RelayReader) -> dict[str, Any]:
    spans, receipts = ledger.chains(), relay.receipts()
    if not spans:
        return {"last_seq": 0, "backlog": 0}
    waiting = sum(max(0, span.last - receipts.get(span.chain, Receipted(0)).upto) for span in spans)
    return {"chain": spans[-1].chain, "last_seq": spans[-1].last, "backlog": waiting}


def _relay(relay: RelayReader) -> dict[str, Any]:
    link, roster = relay.link(), relay.roster()
    since = None if link.since is None else link.since.isoformat(timespec="seconds")
    found: dict[str, Any] = {"online": link.online, "since": since}
    if roster is not None:
        manifest = ROSTER_MANIFEST.decode(payload_of(roster.manifest))
        found.update(roster_version=manifest.version, enrolled=len(roster.entries))
    return found

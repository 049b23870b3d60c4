"""What is due to a kiosk, on the stick that is carried to it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from collector.announcing.rules import rules_of
from collector.commands import OrderState, order, sending
from collector.commands.orders import LONGEST
from collector.errors import StickUseError
from collector.ingest.judge import NOT_FINAL, Reason
from collector.ingest.receipts import ChainNews, receipts
from collector.keys import CentreKeys
from collector.people.publisher import roster_of
from collector.sticks import faults
from collector.store.commands import Order
from collector.store.people import Kiosk
from collector.store.records import Blob, Chain, KioskStatus, SetAside
from collector.store.writer import Writer
from stick import StickFolder
from wire.messages import Rejected
from wire.stick import PARTS, Carried, Place, bundle_version
from wire.topics import Address

MOST_REJECTED = 10_000
"""So many of the newest rejections a kiosk remembers."""
UNTIL_IT_IS_THERE = timedelta(days=35)
"""An order that a stick carries has to hold for as long as a stick may be on its way."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was written for one kiosk, in messages."""

    kiosk: str
    receipts: int
    roster: int
    commands: int


def wanted(session: Session, stick: StickFolder, named: Iterable[str]) -> list[str]:
    """The kiosks to write for: those named; else those that have a folder on the stick; else all that live by sticks.

    Raises StickUseError for one that is not registered or is retired, and when there is none at all; StickError.
    """
    rows = session.execute(select(Kiosk.id, Kiosk.by_stick).where(Kiosk.retired_at.is_(None)))
    live = {row.id: row.by_stick for row in rows}
    given = sorted(set(named))
    for kiosk in given:
        if kiosk not in live:
            raise StickUseError(
                f"kiosk {kiosk!r} is not registered, or retired; `siperlu collector kiosks list` names all",
                faults.STRANGER,
                kiosk,
            )
    kiosks = (
        given or sorted(_visited(stick) & set(live)) or sorted(kiosk for kiosk, by_stick in live.items() if by_stick)
    )
    if not kiosks:
        raise StickUseError("the stick has been at no kiosk, and none lives by sticks: name kiosks with --kiosk ID")
    return kiosks


def registered(session: Session, kiosks: Iterable[str]) -> list[str]:
    """Those of these names that are kiosks in service, by name."""
    live = select(Kiosk.id).where(Kiosk.retired_at.is_(None), Kiosk.id.in_(list(kiosks)))
    return list(session.scalars(live.order_by(Kiosk.id)))


def give(stick: StickFolder, writer: Writer, keys: CentreKeys, kiosk: str, now: datetime) -> Given:
    """Write all that is due to a kiosk, in place of what lay there for it. Raises stick.StickError, StoreDownError."""
    with writer.session() as session:
        due = {
            "receipts": receipts(_news(session, kiosk), keys, now),
            "roster": roster_of(session, kiosk),
            "rules": rules_of(session, kiosk),
            "commands": sending.carried(session.connection(), keys, kiosk, now),
        }
    # Committed before it is written: a command that may be on its way cannot be cancelled any more.
    counts = {
        channel: stick.write(Place(kiosk, PARTS[channel]), [Carried(one.topic, one.payload) for one in messages])
        for channel, messages in due.items()
    }
    return Given(kiosk, counts["receipts"], counts["roster"], counts["commands"])


def order_update(session: Session, kiosk: str, version: str, by: str, now: datetime) -> None:
    """Have a kiosk update itself to what goes along: a bundle alone moves nothing there. An order that waits already, and a kiosk
    that has told of this version, are left."""
    waits = (Order.kiosk == kiosk, Order.command == "update", Order.state == OrderState.OPEN.value)
    held = select(Order.arguments).where(*waits, Order.expires > now + UNTIL_IT_IS_THERE)
    has = session.scalar(select(KioskStatus.version).where(KioskStatus.kiosk == kiosk))
    if has != version and all(json.loads(one).get("version") != version for one in session.scalars(held)):
        order(session.connection(), kiosk, "update", {"version": version}, by=by, now=now, ttl=LONGEST)


def give_bundle(stick: StickFolder, bundle: Path, kiosk: str) -> None:
    """Copy a release's bundle for a kiosk, which verifies it. Raises StickUseError, stick.StickError."""
    version = bundle_version(bundle.name)
    if version is None:
        raise StickUseError(
            f"{bundle.name!r} is no bundle's name: siperlu-VERSION.tar, as `siperlu release build` names it"
        )
    try:
        file = bundle.open("rb")
    except OSError as error:
        raise StickUseError(f"{bundle}: {error.strerror}", faults.NO_RELEASE, version) from error
    with file:
        stick.copy(Place(kiosk, None, version), file)


def _visited(stick: StickFolder) -> set[str]:
    return {*stick.kiosks("from"), *stick.kiosks("to")}


def _news(session: Session, kiosk: str) -> list[ChainNews]:
    """Where every chain of a kiosk stands: unlike over MQTT, nobody asks by sending again."""
    rejected: dict[str | None, list[Rejected]] = {}
    for digest, chain, seq, reason in session.execute(
        select(SetAside.digest, SetAside.chain, SetAside.seq, SetAside.reason)
        .where(SetAside.kiosk == kiosk)
        .where(or_(SetAside.topic == Address(kiosk, "records").topic, SetAside.reason == Reason.PICTURE.value))
        .where(SetAside.chain.is_not(None), SetAside.reason.not_in([reason.value for reason in NOT_FINAL]))
        .order_by(SetAside.id.desc())
        .limit(MOST_REJECTED)
    ):
        rejected.setdefault(chain, []).append(Rejected(digest=digest, seq=seq, reason=reason))
    chains = session.execute(select(Chain.chain, Chain.upto).where(Chain.kiosk == kiosk).order_by(Chain.first_at))
    stored = session.scalars(select(Blob.digest).where(Blob.kiosk == kiosk).order_by(Blob.received_at, Blob.digest))
    blobs = list(stored)
    return [
        ChainNews(kiosk, chain, upto, () if number else blobs, rejected.get(chain, []))
        for number, (chain, upto) in enumerate(chains)
    ]

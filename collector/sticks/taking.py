"""From a stick to the intake: every line is judged exactly as if it had come over MQTT."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from collector.ingest.intake import Intake
from collector.ingest.message import Message
from collector.keys import CentreKeys
from collector.store.records import SetAside, StoredRecord
from collector.store.writer import Writer
from stick import StickFolder
from wire.stick import FROM_KIOSK, Place

BATCH = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """What one kiosk's folder brought. `messages`: lines read; `records`: new at the centre; `set_aside`: newly set aside."""

    kiosk: str
    messages: int
    records: int
    set_aside: int


def take(
    stick: StickFolder,
    writer: Writer,
    keys: CentreKeys,
    clock: Callable[[], datetime],
    told: Callable[[int], object] = lambda _count: None,
) -> list[Taken]:
    """Take in all that kiosks wrote on a stick; again changes nothing. `told`: hears of every batch's size.

    Records go first, then what they name. Raises stick.StickError, StoreDownError: what was taken until then stays, and the
    same stick is to be taken again.
    """
    intake = Intake(writer, keys, clock)
    return [_take_one(stick, kiosk, writer, intake, clock, told) for kiosk in stick.kiosks("from")]


def _take_one(  # noqa: PLR0913, PLR0917 - one step of `take`, with all it has
    stick: StickFolder,
    kiosk: str,
    writer: Writer,
    intake: Intake,
    clock: Callable[[], datetime],
    told: Callable[[int], object],
) -> Taken:
    before, count = _counts(writer, kiosk), 0
    messages = _messages(stick, kiosk, clock)
    while batch := list(itertools.islice(messages, BATCH)):
        intake.take(batch)  # its receipts say less than the stick's own: those are of whole chains
        count += len(batch)
        told(len(batch))
    after = _counts(writer, kiosk)
    return Taken(kiosk, count, after[0] - before[0], after[1] - before[1])


def _messages(stick: StickFolder, kiosk: str, clock: Callable[[], datetime]) -> Iterator[Message]:
    for part in FROM_KIOSK:
        for carried in stick.messages(Place(kiosk, part)):
            yield Message(carried.topic, carried.payload, clock())


def _counts(writer: Writer, kiosk: str) -> tuple[int, int]:
    """Records of a kiosk, and messages set aside."""
    with writer.transaction() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(table).where(table.kiosk == kiosk)).scalar_one()
            for table in (StoredRecord, SetAside)
        ]
    return counts[0], counts[1]

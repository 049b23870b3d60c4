"""From a stick to the intake: every line is judged exactly as if it had come over MQTT."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from collector.ingest.intake import Intake
from collector.ingest.message import Message
from collector.keys import CentreKeys
from collector.store.records import Chain
from collector.store.writer import Writer
from stick import StickFolder
from wire.stick import FROM_KIOSK, Part, Place

BATCH = 200
MOST_BYTES = 16 << 20
"""Of the messages of one batch, but for its last: pictures are large, and memory and a transaction are finite."""


@dataclass(frozen=True, slots=True)
class TakenFile:
    """What became of one file's lines. `messages`: those that are some; `new`: records or pictures that were not at the centre,
    `again`: that were; `left`: pictures beyond the kiosk's share of the day, which it brings again; `set_aside`: refused and set
    aside, now or before; `passed`: lines that are no message, or were cut off when the stick was pulled out."""

    name: str
    messages: int
    new: int
    again: int
    left: int
    set_aside: int
    passed: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What one kiosk's folder brought, by file, those that are there. `upto`: the number up to which the centre has the newest
    chain whole, `complete_at`: the time up to which that is complete; None for a kiosk without a record."""

    kiosk: str
    files: tuple[TakenFile, ...]
    upto: int | None
    complete_at: datetime | None

    @property
    def messages(self) -> int:
        """Lines read."""
        return sum(one.messages for one in self.files)

    @property
    def records(self) -> int:
        """Records that are new at the centre."""
        return sum(one.new for one in self.files if one.name == "records.txt")

    @property
    def set_aside(self) -> int:
        """Messages that were refused and set aside, now or before."""
        return sum(one.set_aside for one in self.files)


@dataclass(frozen=True, slots=True)
class Taker:
    """The intake, and who is told of every batch's size."""

    writer: Writer
    intake: Intake
    clock: Callable[[], datetime]
    told: Callable[[int], object]


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
    taker = Taker(writer, Intake(writer, keys, clock), clock, told)
    return [take_one(stick, kiosk, taker) for kiosk in stick.kiosks("from")]


def take_one(stick: StickFolder, kiosk: str, taker: Taker) -> Taken:
    """Take in what one kiosk wrote. Raises as `take`."""
    files = [taken for part in FROM_KIOSK if (taken := _take_file(stick, Place(kiosk, part), part, taker))]
    chain = select(Chain.upto, Chain.complete_at).where(Chain.kiosk == kiosk).order_by(Chain.first_at.desc()).limit(1)
    with taker.writer.transaction() as connection:
        stands = connection.execute(chain).one_or_none()
    return Taken(kiosk, tuple(files), *(stands or (None, None)))


def _take_file(stick: StickFolder, place: Place, part: Part, taker: Taker) -> TakenFile | None:
    """None for a file that is not there."""
    file = stick.open(place)
    if file is None:
        return None
    file.close()
    before, count = Counter(taker.intake.tally), 0
    cut: list[None] = []
    messages = _messages(stick, place, taker.clock, lambda: cut.append(None))
    while batch := _batch(messages):
        taker.intake.take(batch)  # its receipts say less than the stick's own: those are of whole chains
        count += len(batch)
        taker.told(len(batch))
    did = taker.intake.tally - before
    return TakenFile(part.name, count, did["new"], did["again"], did["left"], did["refused"], len(cut))


def _batch(messages: Iterator[Message]) -> list[Message]:
    batch, size = list[Message](), 0
    for message in itertools.islice(messages, BATCH):
        batch.append(message)
        size += len(message.payload)
        if size >= MOST_BYTES:
            break
    return batch


def _messages(
    stick: StickFolder, place: Place, clock: Callable[[], datetime], passed: Callable[[], object]
) -> Iterator[Message]:
    for carried in stick.messages(place, passed):
        yield Message(carried.topic, carried.payload, clock())

"""One batch: judged, committed, and only then receipted."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import DataError

from collector.commands import sending as commands
from collector.ingest import reading, writing
from collector.ingest.chains import ChainState, advanced
from collector.ingest.directory import KnownKey, read_directory
from collector.ingest.introduce import with_introduced
from collector.ingest.judge import (
    Accepted,
    AcceptedBlob,
    AcceptedReply,
    AcceptedStatus,
    Reason,
    Refused,
    Verdict,
    judge,
)
from collector.ingest.links import Place, SortedOut, place_of, sort_out
from collector.ingest.message import Envelope, Message, read_envelope
from collector.ingest.pictures import opened
from collector.ingest.receipts import ChainNews, receipts
from collector.keys import CentreKeys
from collector.outgoing import Outgoing
from collector.store.writer import Writer
from wire.messages import Rejected
from wire.records import Event, Heartbeat

log = logging.getLogger(__name__)

ChainKey = tuple[str, str]


def now() -> datetime:
    """The time of the centre, UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Batch:
    """The verdicts of one batch, by kind, in the order they came, and the keys that it brought itself."""

    introduced: list[KnownKey] = field(default_factory=list)
    records: list[Accepted] = field(default_factory=list)
    statuses: list[AcceptedStatus] = field(default_factory=list)
    blobs: list[AcceptedBlob] = field(default_factory=list)
    replies: list[AcceptedReply] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict) -> None:
        """Put a verdict where it belongs."""
        if isinstance(verdict, Accepted):
            self.records.append(verdict)
        elif isinstance(verdict, Refused):
            self.refused.append(verdict)
        elif isinstance(verdict, AcceptedStatus):
            self.statuses.append(verdict)
        elif isinstance(verdict, AcceptedBlob):
            self.blobs.append(verdict)
        elif isinstance(verdict, AcceptedReply):
            self.replies.append(verdict)


class Intake:
    """Takes batches of messages in. Taking the same message again changes nothing and is receipted again.

    `tally`: what became of all messages so far. new: records and pictures that were not here; again: those that were; left:
    pictures beyond a kiosk's share of the day, which come again; refused: set aside, or counted where a flood used up the room.
    """

    def __init__(self, writer: Writer, keys: CentreKeys, clock: Callable[[], datetime] = now) -> None:
        self._writer = writer
        self._keys = keys
        self._clock = clock
        self.tally: Counter[str] = Counter()

    def take(self, messages: Sequence[Message]) -> list[Outgoing]:
        """Commit a batch in one transaction; the sealed receipts to publish, now that it is durable.

        Raises StoreDownError: then nothing may be acknowledged, and the same batch is to be taken again.
        """
        envelopes = [read_envelope(message) for message in messages]
        return receipts(self._committed(envelopes), self._keys, self._clock())

    def _committed(self, envelopes: list[Envelope]) -> list[ChainNews]:
        # Seals are verified between two transactions, not inside one: others may write meanwhile.
        with self._writer.transaction() as connection:
            directory = read_directory(connection, envelopes)
        directory, introduced = with_introduced(envelopes, directory)
        batch = Batch(introduced=introduced)
        for envelope in envelopes:
            verdict = judge(envelope, directory)
            batch.add(opened(verdict, self._keys) if isinstance(verdict, AcceptedBlob) else verdict)
        try:
            with self._writer.transaction() as connection:
                news = _store(connection, batch)
        except DataError as error:
            if len(envelopes) > 1:
                # A value that this database cannot hold must not stop the others: find it by halves.
                half = len(envelopes) // 2
                return self._committed(envelopes[:half]) + self._committed(envelopes[half:])
            log.exception("a message that the database cannot hold is set aside")
            with self._writer.transaction() as connection:
                _set_aside_unstorable(connection, envelopes[0], str(error.orig))
            self.tally["refused"] += 1
            return []
        self.tally.update(batch.tally)
        return news


def _set_aside_unstorable(connection: Connection, envelope: Envelope, why: str) -> None:
    kiosk = envelope.address.kiosk if envelope.address else ""
    writing.write_set_aside(connection, [Refused(envelope, Reason.UNSTORABLE, why, kiosk)])


def _store(connection: Connection, batch: Batch) -> list[ChainNews]:
    reading.take_turns(connection)
    states = _states(connection, batch)
    sorted_out = sort_out(batch.records, reading.read_links(connection, _wanted(batch.records, states)))
    kept = _write(connection, batch, sorted_out)
    states = _advance(connection, states, batch, sorted_out)
    return _news(states, batch, kept)


def _states(connection: Connection, batch: Batch) -> dict[ChainKey, ChainState]:
    """Every chain that this batch touches or answers on, a new one from nothing."""
    touched: dict[ChainKey, datetime] = {}
    for one in batch.records:
        touched.setdefault((one.record.kiosk, one.record.chain), one.envelope.message.at)
    for blob in batch.blobs:
        touched.setdefault((blob.kiosk, blob.chain), blob.envelope.message.at)
    for refused in batch.refused:
        if refused.chain:
            touched.setdefault((refused.kiosk, refused.chain), refused.envelope.message.at)
    known = reading.read_states(connection, touched) if touched else {}
    return {key: known.get(key) or ChainState(*key, first_at=at) for key, at in touched.items()}


def _wanted(records: Sequence[Accepted], states: dict[ChainKey, ChainState]) -> set[Place]:
    """Places to look up: of each record and its neighbours, as far as the chain has been seen at all."""
    wanted: set[Place] = set()
    for one in records:
        place = place_of(one)
        seen = states[place.kiosk, place.chain].seen
        if place.seq - 1 <= seen:
            wanted.update(near for step in (-1, 0, 1) if 1 <= (near := place.neighbour(step)).seq <= seen)
    return wanted


def _write(connection: Connection, batch: Batch, sorted_out: SortedOut) -> list[Refused]:
    if batch.records:
        at = batch.records[0].envelope.message.at
        writing.write_keys(connection, batch.introduced, at)
        writing.write_records(connection, sorted_out.new)
        writing.write_fresh(connection, sorted_out.new)
        writing.forget_unknown_keys(connection, sorted_out.new)
        forks = [(place_of(one), one.envelope.digest) for one in sorted_out.forks]
        writing.write_incidents(connection, "fork", forks, at)
        writing.write_incidents(connection, "broken-link", sorted_out.broken.items(), at)
    writing.write_statuses(connection, batch.statuses)
    offered = len(batch.blobs)
    batch.blobs, fresh = writing.write_blobs(connection, batch.blobs)
    commands.take(connection, [(one.reply, one.envelope.message.at) for one in batch.replies])
    batch.refused += [_fork(one) for one in sorted_out.forks]
    batch.tally = Counter(
        new=len(sorted_out.new) + fresh,
        again=len(batch.records) - len(sorted_out.new) - len(sorted_out.forks) + len(batch.blobs) - fresh,
        left=offered - len(batch.blobs),
        refused=len(batch.refused),
    )
    return writing.write_set_aside(connection, batch.refused)


def _fork(one: Accepted) -> Refused:
    kiosk, chain, seq = place_of(one)
    return Refused(one.envelope, Reason.FORK, f"another record is number {seq} already", kiosk, chain, seq)


def _advance(
    connection: Connection, states: dict[ChainKey, ChainState], batch: Batch, sorted_out: SortedOut
) -> dict[ChainKey, ChainState]:
    arrivals: dict[ChainKey, dict[int, datetime | None]] = defaultdict(dict)
    for refused in batch.refused:
        if refused.chain and refused.seq is not None:
            arrivals[refused.kiosk, refused.chain][refused.seq] = None
    starts: dict[ChainKey, ChainState] = {}
    for one in sorted_out.new:
        record = one.record
        key = record.kiosk, record.chain
        arrivals[key][record.seq] = record.at if isinstance(record.body, Heartbeat) else None
        if isinstance(record.body, Event) and record.body.chain_start and record.seq == 1:
            start = record.body.chain_start
            starts[key] = replace(states[key], previous=start.previous, previous_upto=start.previous_upto)
    moved = {
        key: advanced(starts.get(key, states[key]), seqs, partial(reading.read_arrivals, connection, *key))
        for key, seqs in arrivals.items()
    }
    writing.write_chains(connection, moved.values())
    return {**states, **moved}


def _news(states: dict[ChainKey, ChainState], batch: Batch, kept: Sequence[Refused]) -> list[ChainNews]:
    """Every chain that was spoken of, also when nothing was new: the kiosk asks by sending again."""
    told = {(one.record.kiosk, one.record.chain) for one in batch.records}
    blobs: dict[ChainKey, list[str]] = defaultdict(list)
    for blob in batch.blobs:
        blobs[blob.kiosk, blob.chain].append(blob.envelope.digest)
    rejected: dict[ChainKey, list[Rejected]] = defaultdict(list)
    for one in kept:
        if one.final and one.chain:
            told_of = Rejected(digest=one.envelope.digest, seq=one.seq, reason=one.reason.value)
            rejected[one.kiosk, one.chain].append(told_of)
    keys = told | set(blobs) | set(rejected)
    return [
        ChainNews(states[key].kiosk, states[key].chain, states[key].upto, blobs[key], rejected[key])
        for key in sorted(keys)
    ]

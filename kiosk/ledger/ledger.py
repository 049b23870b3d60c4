"""Appending to the ledger."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from firmware.clock import Reading
from kiosk.database import DatabaseError, TakenError, Trouble, Writer, WriterLock
from kiosk.keys import KeyFileError, KioskKeys
from kiosk.ledger import carrying, queries, recovery
from kiosk.ledger.entry import ChainSpan, Entry, Receipted, Rejection
from kiosk.ledger.errors import LedgerDamaged, LedgerError, ledger_error
from kiosk.ledger.reader import LEDGER_FILE
from kiosk.ledger.tables import TABLES
from kiosk.ledger.writing import Pen, chain_started
from wire.chain import Head
from wire.records import Body
from wire.seals import Sealed, SealingKey

LOG = logging.getLogger(__name__)

T = TypeVar("T")


class Ledger:
    """The kiosk's ledger: one chain being written, earlier ones kept until the centre has them for long enough.

    Any thread may call it. After a LedgerError nothing is pretended and the next call tries afresh: the end of the
    chain is then read from the disk again, which alone knows whether an interrupted commit took place.
    """

    def __init__(
        self,
        folder: Path,
        kiosk: str,
        keys: KioskKeys,
        clock: Callable[[], Reading],
        receipts: Mapping[str, Receipted] | None = None,
    ) -> None:
        """Open `ledger.db` in a folder, or make it. Raises LedgerError.

        When the file is gone although its key has signed, or is damaged, a new chain is started that names the old one;
        a damaged file is renamed, never deleted. `receipts`, by chain: what the relay knows the centre to have.
        """
        self._path = folder / LEDGER_FILE
        self._kiosk = kiosk
        self._keys = keys
        self._clock = clock
        self._mutex = threading.Lock()
        self._pen: Pen | None = None
        self._closed = False
        try:
            self._lock = WriterLock(self._path)
        except (DatabaseError, TakenError) as error:
            raise ledger_error(error) from error
        with ExitStack() as undo:
            undo.callback(self._lock.close)
            try:
                self._writer = self._open(receipts or {})
            except (DatabaseError, KeyFileError) as error:
                raise ledger_error(error) from error
            undo.pop_all()

    def append(self, body: Body, reading: Reading) -> Entry:
        """Sign and store one record; returns after the durable commit.

        Raises LedgerError when it is not recorded, ContractError for a body that the contract forbids.
        """
        return self._commit(lambda connection, pen: pen.write(connection, body, reading))

    def seal_blob(self, payload: bytes) -> str:
        """Seal an encrypted picture with the key of the chain that is written. Writes nothing. Raises LedgerError."""
        with self._mutex:
            key = (self._pen or self._look(self._read_pen)).key
        return key.seal(Sealed.BLOB, payload)

    def heed(
        self, receipts: Mapping[str, Receipted], rejected: Collection[Rejection], reading: Reading
    ) -> tuple[Entry, ...]:
        """Act on what the centre says about this ledger; call it when the relay's database changed.

        When the centre has more of the chain than this ledger, or another record under the same number, the chain
        forked: a new one is started, and the check-ins the centre does not have are added again to it, in one commit.
        Gives the entries written, mostly none. Raises LedgerError.
        """

        def work(connection: Connection, pen: Pen) -> tuple[Pen, tuple[Entry, ...]]:
            plan = carrying.plan(connection, receipts, rejected)
            if plan is None:
                return pen, ()
            written: list[Entry] = []
            if plan.new_chain:
                pen, entry = self._start_chain(connection, pen.head, receipts, reading)
                written.append(entry)
            pen, carried = carrying.carry(connection, pen, plan)
            return pen, (*written, *carried)

        entries = self._commit(work)
        if entries:
            LOG.warning("the centre holds another end of the chain: wrote %d records anew", len(entries))
        return entries

    def trim(self, upto: Mapping[str, int]) -> int:
        """Delete records of each chain up to and including a number, and keep the head. Gives how many went.

        Raises LedgerError.
        """
        gone = 0
        for span in self.chains():
            limit = min(upto.get(span.chain, 0), span.last)
            while span.kept < limit:
                step = min(limit, span.kept + queries.TRIM_STEP)
                gone += self._commit(partial(_trim, span, step))
                span = ChainSpan(span.number, span.chain, step, span.last)  # noqa: PLW2901
        return gone

    def chains(self) -> tuple[ChainSpan, ...]:
        """Every chain, oldest first; the last one is being written. Raises LedgerError."""
        with self._mutex:
            return self._look(queries.chains)

    def waiting(self, receipts: Mapping[str, Receipted]) -> int:
        """Number of records that the centre has not receipted. Raises LedgerError."""
        with self._mutex:
            return self._look(lambda connection: queries.waiting(connection, receipts))

    @property
    def head(self) -> Head:
        """The end of the chain that is written: `seq` 0 before its first record. Raises LedgerError."""
        with self._mutex:
            return (self._pen or self._look(self._read_pen)).head

    def close(self) -> None:
        """Close the file; twice is fine."""
        with self._mutex:
            self._closed = True
            self._writer.close()
            self._lock.close()

    def _commit(self, work: Callable[[Connection, Pen], tuple[Pen, T]]) -> T:
        with self._mutex:
            try:
                with self._transaction() as connection:
                    pen = self._pen or self._read_pen(connection)
                    pen, result = work(connection, pen)
            except LedgerError:
                self._pen = None
                raise
            self._pen = pen
            if pen.head.seq:
                self._note_used(pen.key)
        return result

    def _look(self, ask: Callable[[Connection], T]) -> T:
        with self._transaction() as connection:
            return ask(connection)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """One durable commit, or nothing and a LedgerError."""
        if self._closed:
            raise LedgerError(f"{self._path}: closed here, and perhaps written by another by now; open it anew")
        try:
            with self._writer.transaction() as connection:
                yield connection
        except (DatabaseError, KeyFileError) as error:
            raise ledger_error(error) from error

    def _read_pen(self, connection: Connection) -> Pen:
        spans = queries.chains(connection)
        if not spans:
            return Pen.fresh(self._kiosk, self._keys.record)
        key = self._keys.find(spans[-1].chain)
        if key is None:
            raise LedgerDamaged(f"{self._path}: no key for chain {spans[-1].chain}; the next opening starts a new one")
        return Pen(self._kiosk, key, queries.head_at(connection, spans[-1], spans[-1].last))

    def _note_used(self, key: SealingKey) -> None:
        """Best effort: the record is committed, and the note is tried again with the next one."""
        try:
            self._keys.mark_used(key)
        except KeyFileError as error:
            LOG.warning("%s", error)

    # -- opening

    def _open(self, receipts: Mapping[str, Receipted]) -> Writer:
        gone = not self._path.exists()
        try:
            writer = Writer(self._path, TABLES)
            with writer.transaction() as connection:
                why = recovery.fault(connection, self._keys, self._kiosk)
        except DatabaseError as error:
            if error.trouble is not Trouble.DAMAGED:
                raise
            return self._rebuild(str(error), receipts)
        if why:
            writer.close()
            return self._rebuild(why, receipts)
        with ExitStack() as undo:
            undo.callback(writer.close)
            self._continue(writer, receipts, gone=gone)
            undo.pop_all()
        return writer

    def _continue(self, writer: Writer, receipts: Mapping[str, Receipted], *, gone: bool) -> None:
        """Go on with the chain there is, or start one that names the chain before it."""
        with writer.transaction() as connection:
            why, previous = self._break(connection, receipts, gone=gone)
            if previous:
                self._pen, _ = self._start_chain(connection, previous, receipts, self._clock())
            else:
                self._pen = self._read_pen(connection)
        if self._pen.head.seq:
            self._note_used(self._pen.key)
        if previous:
            LOG.error("%s: %s; started chain %d", self._path, why, self._pen.number)

    def _break(
        self, connection: Connection, receipts: Mapping[str, Receipted], *, gone: bool
    ) -> tuple[str, Head | None]:
        """Why the newest chain cannot go on, and its end; no end when it can."""
        spans = queries.chains(connection)
        if not spans:
            used = self._keys.is_used(self._keys.record)
            return "gone" if gone else "emptied", Head(self._keys.record.public.thumbprint) if used else None
        end = queries.head_at(connection, spans[-1], spans[-1].last)
        if self._keys.find(end.chain) is None:
            return "no key for its chain", end
        if receipts.get(end.chain, Receipted(0)).upto > end.seq:
            return "the centre has more of it than this file", end
        return "", None

    def _rebuild(self, why: str, receipts: Mapping[str, Receipted]) -> Writer:
        """A new file with what can be read and a new chain, put in place in one step."""
        reading = self._clock()
        try:
            draft = recovery.new_draft(self._path)
            with closing(Writer(draft, TABLES)) as writer, writer.transaction() as connection:
                found = recovery.salvage(self._path, connection, self._keys)
                previous = found or Head(self._keys.record.public.thumbprint)
                self._pen, _ = self._start_chain(connection, previous, receipts, reading)
            aside = recovery.set_aside(self._path, draft, reading.at)
        except OSError as error:
            mend = "make the folder writable for the kiosk process, or free the disk"
            raise LedgerError(f"{self._path}: damaged ({why}) and cannot be set aside ({error}); {mend}") from error
        self._note_used(self._pen.key)
        LOG.error("%s is damaged (%s): kept as %s; started chain %d", self._path, why, aside.name, self._pen.number)
        return Writer(self._path, TABLES)

    def _start_chain(
        self, connection: Connection, previous: Head, receipts: Mapping[str, Receipted], reading: Reading
    ) -> tuple[Pen, Entry]:
        receipted = receipts.get(previous.chain, Receipted(0))
        last_known = max(previous.seq, receipted.upto, receipted.ahead)
        key = self._unused_key(queries.chains(connection))
        pen = Pen.fresh(self._kiosk, key)
        return pen.write(connection, chain_started(key, previous, last_known, self._keys.find(previous.chain)), reading)

    def _unused_key(self, spans: tuple[ChainSpan, ...]) -> SealingKey:
        """The newest key if a crash left it unused, else one more."""
        newest = self._keys.record
        above = max((span.number for span in spans), default=0)
        if newest.public.name.number > above and not self._keys.is_used(newest):
            return newest
        return self._keys.renew(above)


def _trim(span: ChainSpan, upto: int, connection: Connection, pen: Pen) -> tuple[Pen, int]:
    return pen, queries.trim(connection, span, upto)

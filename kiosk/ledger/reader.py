"""Looking at the ledger from another process."""

from __future__ import annotations

from pathlib import Path

from kiosk.database import Reader, has_writer
from kiosk.ledger import queries
from kiosk.ledger.entry import ChainSpan, Stored
from wire.chain import Head

LEDGER_FILE = "ledger.db"


class LedgerReader:
    """Short, read-only looks at `ledger.db` in a folder. Every method raises `kiosk.database.DatabaseError` while the
    file is absent, or busy for longer than a second (a writer was killed and has not come back)."""

    def __init__(self, folder: Path) -> None:
        self._reader = Reader(folder / LEDGER_FILE)

    def lives(self) -> bool:
        """Whether a kiosk process is there that writes it; cheap enough for several calls a second."""
        return has_writer(self._reader.path)

    def changed(self) -> bool:
        """Whether anything was committed since the last call."""
        return self._reader.changed()

    def chains(self) -> tuple[ChainSpan, ...]:
        """Every chain, oldest first; the last one is being written."""
        return self._reader.look(queries.chains)

    def head(self) -> Head | None:
        """The last record of the newest chain; None for an empty ledger."""
        spans = self.chains()
        return self._reader.look(lambda c: queries.head_at(c, spans[-1], spans[-1].last)) if spans else None

    def after(self, span: ChainSpan, seq: int, limit: int) -> list[Stored]:
        """Up to `limit` records of a chain with numbers above `seq`, in order."""
        return self._reader.look(lambda connection: queries.records(connection, span, seq, limit))

    def close(self) -> None:
        """Let go of the file; twice is fine."""
        self._reader.close()

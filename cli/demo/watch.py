"""Reading what the demo's processes did, from outside: log lines of the kiosk, its ledger, the centre's database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select

from cli.demo.score import Announcement
from cli.demo.stage import KIOSK, Stage
from collector.store.engine import open_reader
from collector.store.records import StoredRecord
from kiosk.database import DatabaseError
from kiosk.ledger import LedgerReader
from wire.records import CheckIn, decode_record
from wire.seals import payload_of


class LogTail:
    """The announcements of a log file that grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._rest = b""

    def news(self) -> list[Announcement]:
        """Those that came since the last call."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as log:
            log.seek(self._read)
            text = self._rest + log.read()
            self._read = log.tell()
        *lines, self._rest = text.split(b"\n")
        found = (Announcement.parse(line.decode(errors="replace")) for line in lines)
        return [announcement for announcement in found if announcement is not None]


class Watcher:
    """Looks at a stage that runs."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._ledger = LedgerReader(stage.folder / "kiosk")
        self._centre = open_reader(stage.centre_settings.store.url)

    def check_ins(self) -> Mapping[int, str]:
        """Name of the person on every check-in record of the ledger's newest chain, by number."""
        try:
            spans = self._ledger.chains()
            stored = self._ledger.after(spans[-1], 0, 1_000_000) if spans else []
        except DatabaseError:
            return {}
        records = {row.seq: decode_record(payload_of(row.sealed)) for row in stored}
        return {
            seq: self._stage.names.get(record.body.person, record.body.person)
            for seq, record in records.items()
            if isinstance(record.body, CheckIn)
        }

    def received(self) -> frozenset[int]:
        """Numbers of the check-in records that are in the centre's database."""
        wanted = select(StoredRecord.seq).where(StoredRecord.kiosk == KIOSK, StoredRecord.kind == CheckIn.KIND)
        with self._centre.connect() as connection:
            return frozenset(connection.scalars(wanted))

    def close(self) -> None:
        """Let go of both databases."""
        self._ledger.close()
        self._centre.dispose()

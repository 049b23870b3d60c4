"""What the relay knows of the ledger: as it was at the last look that went well."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from kiosk.database import DatabaseError, Trouble
from kiosk.ledger.reader import LedgerReader
from kiosk.relay.outbound import Outbound
from kiosk.settings import RelaySettings
from tests.fixtures.ledgers import KIOSK, Box, check_in, reading


def test_a_record_that_could_not_be_looked_at_is_seen_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Box(tmp_path).open()
    outbound = Outbound(tmp_path, KIOSK, RelaySettings(), random.Random(1))
    ledger.append(check_in(), reading())
    with monkeypatch.context() as busy:
        busy.setattr(LedgerReader, "chains", _busy)
        outbound.look()
        assert not outbound.readable
    assert outbound.look()
    assert outbound.newest is not None
    assert outbound.newest.last == 1
    outbound.close()
    ledger.close()


def _busy(_reader: LedgerReader) -> Any:
    raise DatabaseError(Path("ledger.db"), Trouble.BUSY, "locked")

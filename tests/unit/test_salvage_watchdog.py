"""Saving a damaged ledger takes long; the watchdog must hear that it goes on."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.database import Writer
from kiosk.ledger import recovery
from kiosk.ledger.reader import LEDGER_FILE
from kiosk.ledger.tables import TABLES
from tests.fixtures.ledgers import Box, check_in, reading


def test_every_few_records_saved_are_a_sign_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(tmp_path / "kiosk")
    with closing(box.open()) as ledger:
        for number in range(6):
            ledger.append(check_in(), reading(number))
    monkeypatch.setattr(recovery, "BEAT_ROWS", 2)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with closing(Writer(tmp_path / "new.db", TABLES)) as writer, writer.transaction() as connection:
            head = recovery.salvage(box.folder / LEDGER_FILE, connection, box.keys())
        assert head is not None
        assert head.seq == 6
        assert {manager.recv(100) for _ in range(9)} == {b"WATCHDOG=1"}, "while reading, and while writing"

"""Whatever ends the writer, every record it told of is in the ledger, and the chain is whole."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.database import DatabaseError
from kiosk.ledger import Entry, Ledger, LedgerFull, LedgerReader, LedgerReadOnly
from tests.fixtures.ledger_writer import Told, WriterProcess
from tests.fixtures.ledgers import HEARTBEAT, Box, check_in, reading
from wire.seals import digest

SEED = 20260105
FS_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2


def _held(folder: Path) -> dict[int, str]:
    reader = LedgerReader(folder)
    (span,) = reader.chains()
    rows = reader.after(span, 0, 1_000_000)
    reader.close()
    return {row.seq: digest(row.sealed) for row in rows}


def _assert_nothing_lost(box: Box, told: list[Told]) -> None:
    box.open().close()  # as the kiosk does at its next start: rolls back what was half written
    held = _held(box.folder)
    for seq, name in told:
        assert held.get(seq) == name, f"record {seq} was told of and is not in the ledger"
    assert sorted(held) == list(range(1, len(held) + 1))
    assert box.broken() is None


@pytest.mark.timeout(120)
def test_a_writer_killed_at_any_moment_loses_nothing_it_told_of(tmp_path: Path) -> None:
    luck = random.Random(SEED)
    box = Box(tmp_path)
    told: list[Told] = []
    for _ in range(12):
        writer = WriterProcess(tmp_path)
        told += writer.told(1)
        writer.process.join(luck.uniform(0, 0.1))
        writer.process.kill()
        told += writer.rest()
        _assert_nothing_lost(box, told)
    assert len(told) >= 12


@pytest.mark.timeout(60)
def test_a_killed_writers_journal_blocks_the_reader_only_until_the_next_start(tmp_path: Path) -> None:
    box = Box(tmp_path)
    ledger = box.open()
    ledger.append(HEARTBEAT, reading())
    ledger.close()
    _leave_hot_journal(box.file)
    reader = LedgerReader(tmp_path)
    with pytest.raises(DatabaseError):
        reader.chains()
    ledger = box.open()
    assert ledger.append(check_in(), reading()).seq == 2
    assert [span.last for span in reader.chains()] == [2]
    assert reader.changed()
    reader.close()
    ledger.close()
    assert box.broken() is None


def _leave_hot_journal(file: Path) -> None:
    """A process that dies with a transaction half written to the file."""
    script = (
        "import os, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA journal_mode=TRUNCATE'); db.execute('PRAGMA cache_size=1'); db.execute('PRAGMA cache_spill=1')\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "for n in range(500): db.execute('INSERT INTO records VALUES (9, ?, ?, 0)', (n, 'x' * 3000))\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(file)], check=True)
    assert file.with_name(file.name + "-journal").stat().st_size > 0


def _need_root(*programs: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a file system")
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


@contextmanager
def _mounted(where: Path, *command: str) -> Iterator[None]:
    where.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *command, str(where)], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)


def _append_until_full(ledger: Ledger) -> Entry | None:
    entry = None
    try:
        for number in range(500):
            entry = ledger.append(check_in(f"p-{number}"), reading())
    except LedgerFull:
        return entry
    pytest.fail("the disk never filled")


@pytest.mark.timeout(60)
def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    _need_root("mount")
    disk = tmp_path / "disk"
    with _mounted(disk, "-t", "tmpfs", "-o", "size=256k", "tmpfs"):
        box = Box(disk / "kiosk")
        ledger = box.open()
        entry = ledger.append(HEARTBEAT, reading())
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space"):
            ballast.write_bytes(b"x" * 1_000_000)
        entry = _append_until_full(ledger) or entry
        with pytest.raises(LedgerFull, match="free some space"):
            ledger.append(HEARTBEAT, reading())
        ballast.unlink()
        again = ledger.append(HEARTBEAT, reading())
        assert again.seq == entry.seq + 1
        ledger.close()
        assert box.broken() is None


@pytest.mark.timeout(60)
def test_a_disk_that_is_full_at_the_first_start_gives_an_error_and_no_half_keys(tmp_path: Path) -> None:
    _need_root("mount")
    disk = tmp_path / "disk"
    with _mounted(disk, "-t", "tmpfs", "-o", "size=64k", "tmpfs"):
        box = Box(disk / "kiosk")
        keys = box.keys()
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space"):
            ballast.write_bytes(b"x" * 1_000_000)
        with pytest.raises(LedgerFull):
            box.open()
        ballast.unlink()
        ledger = box.open()
        assert ledger.append(HEARTBEAT, reading()).chain == keys.record.public.thumbprint
        ledger.close()


@pytest.mark.timeout(60)
def test_a_file_system_gone_read_only_refuses_and_recovers(tmp_path: Path) -> None:
    _need_root("mount")
    disk = tmp_path / "disk"
    with _mounted(disk, "-t", "tmpfs", "-o", "size=4m", "tmpfs"):
        box = Box(disk / "kiosk")
        ledger = box.open()
        ledger.append(HEARTBEAT, reading())
        ledger.close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(LedgerReadOnly, match="writable"):
            box.open()
        reader = LedgerReader(box.folder)
        assert [span.last for span in reader.chains()] == [1]
        reader.close()
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        ledger = box.open()
        assert ledger.append(HEARTBEAT, reading()).seq == 2
        ledger.close()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("turn", range(3))
def test_a_power_cut_loses_nothing_that_was_told_of(tmp_path: Path, turn: int) -> None:
    """ext4 on a loop device, shut down without flushing its log: what was not synced is gone."""
    _need_root("mount", "mke2fs")
    image, disk = tmp_path / "disk.img", tmp_path / "disk"
    with image.open("wb") as file:
        file.truncate(32 << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", str(image)], check=True)
    box = Box(disk / "kiosk")
    with _mounted(disk, "-o", "loop", str(image)):
        writer = WriterProcess(box.folder)
        told = writer.told(5 + 17 * turn)
        _cut_power(disk)
        told += writer.rest()
    # As the next boot finds it: what the device holds, and not the file system a busy machine may still have mounted from it.
    found = shutil.copy(image, tmp_path / "found.img")
    with _mounted(disk, "-o", "loop", str(found)):
        _assert_nothing_lost(box, told)


def _cut_power(disk: Path) -> None:
    handle = os.open(disk, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
    except OSError as error:
        pytest.skip(f"this kernel cannot shut a file system down: {error}")
    finally:
        os.close(handle)

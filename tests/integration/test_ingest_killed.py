"""The centre is killed with -9 again and again: every record is there once, and no receipt ever ran ahead of the disk."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from cli.bench.postgres import PrivatePostgres, find_binaries
from collector.store.engine import open_engine
from collector.store.records import Chain, StoredRecord
from tests.centre import FakeKiosk, opened
from tests.fixtures.brokers import BrokerProcess, wait_for
from tests.fixtures.resender import Resender
from wire.seals import digest

KILLS = int(os.environ.get("SIPERLU_KILLS", "10"))
SEED = int(os.environ.get("SIPERLU_SEED", "20260105"))
RECORDS = 800


class CentreProcess:
    """`siperlu collector …` as a process of its own."""

    def __init__(self, command: str, folder: Path, url: str, port: int) -> None:
        config = folder / "centre.toml"
        config.write_text(
            f'[store]\nurl = "{url}"\nkeys = "{folder / "centre-keys"}"\n'
            f"[broker]\ntls = false\nport = {port}\n[ingest]\nbatch = 100\nwait_ms = 5\n[web]\nport = 0\n"
        )
        self.log = folder / "centre.log"
        self._line = [sys.executable, "-m", "cli", "collector", command, "--config", str(config)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._line, stdout=log, stderr=log)

    def signalled(self, number: int) -> int:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        self._process.send_signal(number)
        return self._process.wait(30)

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Scene:
    """Two kiosks, a broker, and a centre's process that can be killed."""

    def __init__(self, url: str, folder: Path, stack: ExitStack) -> None:
        self.url = url
        self.kiosks = [FakeKiosk("kiosk-1"), FakeKiosk("kiosk-2")]
        with opened(url, folder) as centre:
            centre.register(*self.kiosks)
            ring = centre.keys.public.keyring()
        self.broker = BrokerProcess("mosquitto", folder)
        self.broker.start()
        stack.callback(self.broker.kill)
        command = "run" if url.startswith("sqlite") else "ingest"
        self.centre = CentreProcess(command, folder, url, self.broker.port)
        stack.callback(self.centre.kill)
        for kiosk in self.kiosks:
            kiosk.day(RECORDS)
        self.resenders = [stack.enter_context(Resender(kiosk, ring, self.broker.port)) for kiosk in self.kiosks]

    @property
    def receipted(self) -> int:
        return sum(resender.upto for resender in self.resenders)

    def more_receipts(self, count: int) -> None:
        wanted = self.receipted + count
        wait_for("receipts arrive", lambda: self.receipted >= wanted, 60)

    @property
    def connected(self) -> int:
        """How often the centre's log says that it reached the broker."""
        return self.centre.log.read_text().count("connected to broker")

    def noticed(self, words: str, times: int) -> bool:
        """Whether the centre's log said it so often and no oftener."""
        return self.centre.log.read_text().count(words) == times

    def drained(self) -> None:
        wait_for("every record is receipted", lambda: all(one.done for one in self.resenders), 60)

    def check_receipts(self) -> None:
        """What was receipted when the centre died is in its database."""
        told = {one.kiosk.chain: one.upto for one in self.resenders}
        engine = open_engine(self.url)
        with engine.connect() as connection:
            stored = {row.chain: row.upto for row in connection.execute(sa.select(Chain.chain, Chain.upto))}
        engine.dispose()
        assert all(upto <= stored.get(chain, 0) for chain, upto in told.items())

    def check_all(self) -> None:
        """Every record is there, once, as it was sealed, and nothing else is."""
        engine = open_engine(self.url)
        with engine.connect() as connection:
            rows = connection.execute(sa.select(StoredRecord.kiosk, StoredRecord.seq, StoredRecord.digest)).all()
            bad = [connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) for name in ("set_aside", "incidents")]
        engine.dispose()
        made = [
            (kiosk.id, seq, digest(sealed)) for kiosk in self.kiosks for seq, sealed in enumerate(kiosk.sealed, start=1)
        ]
        assert sorted(map(tuple, rows)) == sorted(made)
        assert bad == [0, 0]


@pytest.fixture
def scene(store_url: str, tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(store_url, tmp_path, stack)


@pytest.fixture
def sqlite_scene(sqlite_url: str, tmp_path: Path) -> Iterator[Scene]:
    """`siperlu collector run`: every part in one process."""
    with ExitStack() as stack:
        yield Scene(sqlite_url, tmp_path, stack)


def test_killed_at_any_moment_nothing_is_lost_and_nothing_doubled(scene: Scene) -> None:
    dice = random.Random(SEED)
    total = sum(len(kiosk.sealed) for kiosk in scene.kiosks)
    for _ in range(KILLS):
        scene.centre.start()
        scene.more_receipts(min(dice.randint(1, max(total // KILLS // 2, 1)), total - scene.receipted))
        threading_wait(dice.uniform(0, 0.03))
        scene.centre.signalled(signal.SIGKILL)
        scene.check_receipts()
    connected = scene.connected
    scene.centre.start()
    scene.drained()
    wait_for("it is up, though all may be receipted already", lambda: scene.connected > connected, 30)
    assert scene.centre.signalled(signal.SIGTERM) == 0, scene.centre.log.read_text()
    scene.check_all()


def test_told_to_stop_under_load_it_finishes_its_batch_and_ends_well(sqlite_scene: Scene) -> None:
    scene = sqlite_scene
    scene.centre.start()
    scene.more_receipts(1)
    assert scene.centre.signalled(signal.SIGTERM) == 0, scene.centre.log.read_text()
    scene.check_receipts()
    scene.centre.start()
    scene.drained()
    scene.check_all()


def test_a_broker_without_memory_loses_nothing(sqlite_scene: Scene) -> None:
    scene = sqlite_scene
    scene.centre.start()
    for _ in range(3):
        scene.more_receipts(1)
        scene.broker.kill()
        scene.broker.start()
    scene.drained()
    scene.check_all()
    assert scene.noticed("broker back after", 3)


def test_a_database_killed_under_load_loses_nothing(tmp_path: Path) -> None:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with PrivatePostgres(binaries) as server, ExitStack() as stack:
        scene = Scene(server.url, tmp_path, stack)
        scene.centre.start()
        for times in range(1, 4):
            scene.more_receipts(1)
            server.stop()
            wait_for("the loss is noticed", lambda times=times: scene.noticed("nothing is acknowledged", times), 30)
            server.start()
        scene.drained()
        scene.check_all()
        assert scene.noticed("database back after", 3)


def threading_wait(seconds: float) -> None:
    """The random moment itself is the test: the one wait here that is not for a condition."""
    signal.sigtimedwait([], seconds)

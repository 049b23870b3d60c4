"""One PIN's whole way: given at the centre, over a real broker to a kiosk without camera or weights, typed, and back as records."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from collector.accounts.book import Author
from collector.app import run
from collector.keys import CentreKeys
from collector.leave import pins
from collector.leave.pins import Handed, Wanted
from collector.people import kiosks
from collector.people.scope import Scope
from collector.settings import CollectorSettings
from collector.store.engine import open_engine
from collector.store.people import Assignment, Person, Unit
from collector.store.records import StoredRecord
from collector.store.writer import Writer
from kiosk.settings import KioskSettings
from kiosk.status import public_keys
from settings import load
from tests.fixtures.brokers import BrokerProcess, free_port, wait_for
from tests.fixtures.kiosks import KIOSK, KioskFolder
from tests.stores import lay_tables
from wire.jwks import readable
from wire.seals import payload_of

pytestmark = pytest.mark.timeout(120)
LIMIT_S = 60.0


@dataclass
class Regency:
    """A centre, a broker, and one kiosk whose camera and weights are missing."""

    engine: Engine
    handed: Handed
    screen: str

    view: dict[str, Any] = field(default_factory=dict)
    """What the wall shows now; empty until it shows anything."""

    def watch(self, stop: threading.Event) -> None:
        """Look at the wall as its page does, until told to stop."""
        while not stop.wait(0.1):
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{self.screen}/events", timeout=5) as stream,
            ):
                for line in stream:
                    if line.startswith(b"data: "):
                        self.view = json.loads(line.removeprefix(b"data: "))
                    if stop.is_set():
                        return

    def give(self, number: str, pin: str) -> str:
        """Type them at the wall; what came of it."""
        headers = {"Content-Type": "application/json", "Origin": self.screen, "X-Siperlu-Page": self.view["token"]}
        body = json.dumps({"number": number, "pin": pin}).encode()
        asked = urllib.request.Request(f"{self.screen}/pin", body, headers)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return str(json.load(answer)["said"])

    def records(self, kind: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(StoredRecord).where(StoredRecord.kind == kind)))


@pytest.fixture
def regency(tmp_path: Path) -> Iterator[Regency]:
    broker = BrokerProcess("mosquitto", tmp_path)
    broker.start()
    centre = CollectorSettings.model_validate(
        {
            "store": {"url": f"sqlite:///{tmp_path / 'centre.db'}", "keys": str(tmp_path / "centre-keys")},
            "broker": {"port": broker.port, "tls": False},
            "web": {"port": 0},
            "rosters": {"every_s": 0.2},
        }
    )
    port = free_port()
    box = KioskFolder(tmp_path, f"frames:{tmp_path / 'no-camera'}", tmp_path / "no-weights")
    told = box.settings.read_text().replace("port = 0", f"port = {port}")
    box.settings.write_text(f"{told}[relay]\nport = {broker.port}\ntls = false\nresend_s = 0.5\n")
    handed = _founded(centre, box)
    with ExitStack() as ends:
        ends.callback(broker.kill)
        stop = threading.Event()
        thread = threading.Thread(target=run, args=(centre, stop), daemon=True)
        thread.start()
        ends.callback(thread.join, 20)
        ends.callback(stop.set)
        for part in ("relay", "run"):
            ends.callback(_end, box.start(part))
        engine = open_engine(centre.store.url)
        ends.callback(engine.dispose)
        regency = Regency(engine, handed, f"http://127.0.0.1:{port}")
        page = threading.Thread(target=regency.watch, args=(stop,), daemon=True)
        page.start()
        yield regency


def _founded(settings: CollectorSettings, box: KioskFolder) -> Handed:
    """A person without a face, a kiosk that is registered, and a guarantee from today on."""
    engine, keys = open_engine(settings.store.url), CentreKeys.open(settings.store.keys)
    lay_tables(engine)
    today = datetime.now(ZoneInfo("Asia/Jakarta")).date()
    with Writer(engine) as writer, writer.session() as session:
        session.add(Unit(code="DISDIK", name="Dinas Pendidikan"))
        session.add(Person(id="siti", name="Siti Rahayu", status="PNS"))
        session.flush()
        session.add(Assignment(person="siti", unit="DISDIK", kind="main", from_day=today - timedelta(days=99)))
        own = kiosks.read_keys(public_keys(load(KioskSettings, box.settings)))
        kiosks.register(session, kiosks.Wish(KIOSK, "DISDIK", Scope.UNIT, own), datetime.now(UTC))
        wanted = Wanted(person="siti", guarantor="Kepala", letter="800/1", reason="perban", until=today)
        handed = pins.give(session, keys.vault, wanted, Author("bkd-1", datetime.now(UTC)), today, 92)
    (box.folder / "centre.json").write_text(readable(keys.public))
    engine.dispose()
    return handed


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_pin_given_at_the_centre_counts_at_a_kiosk_that_sees_nothing(regency: Regency) -> None:
    wait_for("the keypad is offered", lambda: regency.view.get("pin"), LIMIT_S)
    number, pin = regency.handed.number, regency.handed.pin
    assert regency.give(number, f"{(int(pin) + 1) % 10**6:06}") == "wrong"
    assert regency.give(number, pin) == "recorded"
    wait_for("the wall says so", lambda: regency.view["name"] == "Siti R.", 5)
    assert regency.view["signal"].startswith("recorded")
    assert regency.give(number, pin) == "already"
    wait_for("the centre has the check-in", lambda: regency.records("check-in"), LIMIT_S)
    (row,) = regency.records("check-in")
    assert (row.person, row.method, row.kiosk, row.unit) == ("siti", "pin", KIOSK, "DISDIK")
    events = [row.sealed for row in regency.records("event")]
    assert events
    assert not any(pin in told or number in told for told in map(_body, events))
    assert any("pin-failed" in told for told in map(_body, events))


def _body(sealed: str) -> str:
    return json.dumps(json.loads(payload_of(sealed))["body"])

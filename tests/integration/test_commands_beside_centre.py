"""Commands write into an SQLite database while the centre runs on it: nothing is lost, and kiosks hear of it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import func, select

from collector.keys import CentreKeys
from collector.store.engine import open_engine
from collector.store.people import Person, Template
from collector.store.records import StoredRecord
from collector.store.writer import Writer
from models import manifest
from tests.centre import FakeKiosk
from tests.fixtures.brokers import BrokerProcess, wait_for
from wire.jwks import key_set, readable
from wire.messages import ROSTER_MANIFEST
from wire.seals import DecryptionKey, KeyName, Sealed

PEOPLE = 30
RECORDS = 200


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Settings, a broker, and the running centre."""
    broker = BrokerProcess("mosquitto", tmp_path)
    broker.start()
    (tmp_path / "centre.toml").write_text(
        f'[store]\nurl = "sqlite:///{tmp_path}/centre.db"\nkeys = "{tmp_path}/keys"\n'
        f"[broker]\nport = {broker.port}\ntls = false\n[web]\nport = 0\n[rosters]\nevery_s = 0.2\n"
    )
    centre = subprocess.Popen([*SIPERLU, "collector", "run", "--config", str(tmp_path / "centre.toml")])
    try:
        wait_for("the centre has its database", (tmp_path / "centre.db").exists, 60)
        yield tmp_path
        centre.send_signal(signal.SIGTERM)
        assert centre.wait(30) == 0
    finally:
        centre.kill()
        broker.kill()


SIPERLU = (sys.executable, "-m", "cli")


def siperlu(folder: Path, *line: str) -> None:
    done = subprocess.run(
        [*SIPERLU, *line, "--config", str(folder / "centre.toml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def listening(folder: Path, rosters: list[set[str]], port: int) -> Iterator[mqtt.Client]:
    """Who is on the kiosk's roster, each time it is told."""
    ring = CentreKeys.open(folder / "keys").public.keyring()

    def heard(_client: mqtt.Client, _user: object, message: mqtt.MQTTMessage) -> None:
        rosters.append(set(ROSTER_MANIFEST.decode(ring.verify(message.payload, Sealed.ROSTER_MANIFEST)).people))

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe("siperlu/v1/kiosk-1/roster", 1) and None
    client.on_message = heard
    client.connect("127.0.0.1", port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def _registered(folder: Path, kiosk: FakeKiosk) -> None:
    """A unit, its people with faces, and the kiosk: all by commands beside the running centre."""
    (folder / "units.csv").write_text("kode;nama\nDISDIK;Dinas Pendidikan\n")
    rows = "".join(f"P{n};Orang {n};honorer dinas;DISDIK\n" for n in range(PEOPLE))
    (folder / "people.csv").write_text(f"id;nama;status;unit\n{rows}")
    box = DecryptionKey.generate(KeyName(f"{kiosk.id}/roster", 1)).recipient
    (folder / "kiosk.json").write_text(readable(key_set([kiosk.key.public, kiosk.relay.public], [box])))
    siperlu(folder, "people", "import", str(folder / "units.csv"))
    siperlu(folder, "people", "import", str(folder / "people.csv"))
    siperlu(folder, "collector", "kiosks", "add", kiosk.id, "--unit", "DISDIK", "--keys", str(folder / "kiosk.json"))
    with Writer(open_engine(f"sqlite:///{folder}/centre.db")) as writer, writer.session() as session:
        face = {"model": manifest.card("dlib").tag, "vector": bytes(512), "photos": 1, "made_at": datetime.now(UTC)}
        session.add_all(Template(person=person, **face) for person in session.scalars(select(Person.id)))


def test_records_come_in_while_commands_change_who_is_on_the_roster(folder: Path) -> None:
    port = int((folder / "centre.toml").read_text().partition("port = ")[2].partition("\n")[0])
    kiosk, rosters, done = FakeKiosk(), list[set[str]](), threading.Event()
    _registered(folder, kiosk)
    kiosk.day(RECORDS)
    with listening(folder, rosters, port) as client:
        wait_for("everybody is on the roster", lambda: rosters and len(rosters[-1]) == PEOPLE, 30)

        def send() -> None:
            for sealed in kiosk.sealed:
                client.publish(kiosk.message(sealed).topic, sealed, qos=1).wait_for_publish(30)
            done.set()

        sender = threading.Thread(target=send)
        sender.start()
        for n in range(3):
            siperlu(folder, "people", "remove", f"P{n}")
            wait_for("a removed person is off the roster", lambda n=n: len(rosters[-1]) == PEOPLE - n - 1, 30)
        assert done.wait(60)
        sender.join()
    wait_for("every record is there once", lambda: _records(folder) == RECORDS, 30)


def _records(folder: Path) -> int:
    with Writer(open_engine(f"sqlite:///{folder}/centre.db")) as writer, writer.session() as session:
        return session.scalars(select(func.count()).select_from(StoredRecord)).one()

"""A picture from the kiosk's disk to the centre's vault and away from the kiosk again: real relay, mosquitto, ingest and database."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from collector.evidence.pictures import evidence_picture
from collector.ingest.intake import Intake
from collector.ingest.lane import Lane
from collector.parts import Loop
from collector.store.people import Kiosk, Unit
from kiosk.evidence.album import Album
from kiosk.evidence.keeper import Keeper
from kiosk.evidence.sealing import Sealer
from kiosk.keys import open_relay_key
from kiosk.relay import RelayReader, app
from kiosk.relay.centre_keys import CentreKeys
from kiosk.settings import EvidenceSettings, Folders, KioskSettings, RelaySettings
from tests.centre import AT, Centre, key_row, opened
from tests.fixtures.brokers import BrokerProcess, wait_for
from tests.fixtures.ledgers import KIOSK, Box, check_in, reading
from tests.integration.test_ingest_link import linked
from wire.jwks import readable
from wire.seals import digest

pytestmark = pytest.mark.timeout(120)

FACE = cv2.imencode(".jpg", np.full((64, 64, 3), 99, np.uint8))[1].tobytes()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[BrokerProcess]:
    broker = BrokerProcess("mosquitto", tmp_path)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    """A centre that knows the kiosk of `tmp_path`."""
    with opened(store_url, tmp_path) as made:
        (tmp_path / "centre.json").write_text(readable(made.keys.public))
        relay_key = open_relay_key(tmp_path / "relay/keys", KIOSK)
        with made.writer.session() as session:
            session.add(Unit(code="DISDIK", name="Dinas Pendidikan"))
            session.flush()
            session.add(Kiosk(id=KIOSK, unit="DISDIK", registered_at=AT))
            session.flush()
            session.add(key_row(KIOSK, "record", Box(tmp_path / "kiosk").keys().record.public))
            session.add(key_row(KIOSK, "relay", relay_key.public))
        yield made


@contextmanager
def running(work: threading.Thread, stop: threading.Event) -> Iterator[None]:
    work.start()
    try:
        yield
    finally:
        stop.set()
        work.join(20)
        assert not work.is_alive()


def _relay(folder: Path, port: int, stop: threading.Event) -> threading.Thread:
    folders = Folders(
        ledger=folder / "kiosk",
        relay=folder / "relay",
        centre_keys=folder / "centre.json",
        agent=folder / "agent",
        run=folder / "run",
    )
    settings = KioskSettings(folders=folders, relay=RelaySettings(port=port, tls=False, resend_s=0.5))
    return threading.Thread(target=app.run, args=(settings, stop))


@contextmanager
def ingesting(centre: Centre, port: int) -> Iterator[None]:
    lane = Lane(50, 0.05)
    with linked(port, lane, threading.Event()) as link:
        intake = Intake(centre.writer, centre.keys)
        loop = Loop("ingest", lambda stop: lane.run(intake.take, link.publish, stop), lane.wake)
        loop.start()
        try:
            yield
        finally:
            loop.close()


def test_from_the_kiosks_disk_to_the_vault_and_away(centre: Centre, broker: BrokerProcess, tmp_path: Path) -> None:
    ledger = Box(tmp_path / "kiosk").open()
    album = Album(tmp_path / "kiosk", EvidenceSettings(free_mib=16))
    sealer = Sealer(lambda: ledger, CentreKeys(tmp_path / "centre.json").box)
    good, hostile = sealer(FACE), sealer(b"<svg onload=alert(1)>")
    assert good
    assert hostile
    for sealed in (good, hostile):
        assert album.keep(digest(sealed), sealed)
    ledger.append(dataclasses.replace(check_in(), evidence=digest(good)), reading(1))
    stop = threading.Event()
    with ExitStack() as parts:
        parts.callback(ledger.close)
        reader = parts.enter_context(closing(RelayReader(tmp_path / "relay")))
        parts.enter_context(ingesting(centre, broker.port))
        parts.enter_context(running(_relay(tmp_path, broker.port, stop), stop))
        wait_for("both are settled", lambda: len(reader.pictures()) == 2, 60)
        assert reader.pictures() == {digest(good): "stored", digest(hostile): "picture"}
        Keeper(album, reader, reading).tend()
        assert album.waiting() == []
    assert [row["digest"] for row in centre.rows("blobs")] == [digest(good)]
    with centre.writer.session() as session:
        assert evidence_picture(session, centre.keys.vault, KIOSK, digest(good)) == FACE

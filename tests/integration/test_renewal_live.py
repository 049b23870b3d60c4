"""A certificate that ends soon is renewed over the live connection: a real centre, a real broker, a kiosk's real relay and agent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from sqlalchemy import select

from collector import app as centre_app
from collector.authority import book, job
from collector.authority.authority import secret_pem
from collector.authority.certificates import Role, Subject, new_key
from collector.keys import CentreKeys
from collector.people import kiosks
from collector.people.scope import Scope
from collector.settings import CollectorSettings
from collector.store.authority import Certificate
from collector.store.engine import open_engine
from collector.store.people import Unit
from collector.store.writer import Writer
from kiosk.agent.app import Agent
from kiosk.relay import RelayReader
from kiosk.relay import app as relay_app
from kiosk.settings import Folders, KioskSettings, RelaySettings
from kiosk.status import public_keys
from tests.fixtures.agents import FakeSystem
from tests.fixtures.brokers import wait_for
from tests.fixtures.secured import Secured, opened
from tests.stores import lay_tables
from wire.jwks import KEY_SET, readable

KIOSK = "kiosk-1"
SHORT = timedelta(days=30)
LIMIT_S = 60

Run = Callable[[threading.Event], object]


class Thread:
    """A process of the kiosk or the centre, as a thread that is asked to stop."""

    def __init__(self, run: Run) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=run, args=(self._stop,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


class Machine(FakeSystem):
    """A kiosk's own systemd: the relay is a thread, and is really started anew."""

    def __init__(self, settings: KioskSettings) -> None:
        super().__init__()
        self._settings = settings
        self.relay = self._begin()

    def restart(self, parts: Sequence[str]) -> None:
        super().restart(parts)
        self.relay.close()
        self.relay = self._begin()

    def close(self) -> None:
        self.relay.close()

    def _begin(self) -> Thread:
        return Thread(lambda stop: relay_app.run(self._settings, stop))


class Site:
    """A kiosk that was registered a year ago, beside its centre."""

    def __init__(self, folder: Path, broker: Secured, stack: ExitStack) -> None:
        self._stack, self._broker = stack, broker
        self.centre = _centre(folder, broker)
        self.kiosk = _kiosk(folder, broker)
        keys = CentreKeys.open(self.centre.store.keys)
        self.kiosk.folders.centre_keys.write_text(readable(keys.public))
        key = new_key()
        issued = broker.authority.issue(key.public_key(), Subject(KIOSK, Role.KIOSK), datetime.now(UTC), SHORT)
        self.kiosk.relay.certificate.write_text(issued.chain)
        self.kiosk.relay.certificate_key.write_bytes(secret_pem(key))
        with Writer(open_engine(self.centre.store.url)) as writer:
            lay_tables(writer.engine)
            with writer.session() as session:
                session.add(Unit(code="DISDIK", name="Dinas Pendidikan"))
                session.flush()
                own = KEY_SET.decode(public_keys(self.kiosk))
                kiosks.register(session, kiosks.Wish(KIOSK, "DISDIK", Scope.UNIT, own), datetime.now(UTC))
                book.enter(session.connection(), issued, datetime.now(UTC), installed=True)

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.kiosk.relay.certificate.read_bytes())

    @property
    def online(self) -> bool:
        reader = RelayReader(self.kiosk.folders.relay)
        try:
            return reader.link().online
        finally:
            reader.close()

    def installed(self) -> int:
        """Certificates that the centre knows the kiosk to use, or to have used."""
        engine = open_engine(self.centre.store.url)
        with engine.connect() as connection:
            known = select(Certificate.serial).where(
                Certificate.subject == KIOSK, Certificate.installed_at.is_not(None)
            )
            found = len(connection.execute(known).all())
        engine.dispose()
        return found

    def start_kiosk(self) -> Machine:
        machine = Machine(self.kiosk)
        self._stack.callback(machine.close)
        agent = Thread(Agent(self.kiosk, machine).run)
        self._stack.callback(agent.close)
        return machine

    def start_centre(self) -> None:
        self._stack.callback(Thread(lambda stop: centre_app.run(self.centre, stop)).close)


def _centre(folder: Path, broker: Secured) -> CollectorSettings:
    served, keys = broker.served, broker.keys
    return CollectorSettings.model_validate(
        {
            "store": {"url": f"sqlite:///{folder}/centre.db", "keys": folder / "centre-keys"},
            "broker": {
                "host": "127.0.0.1",
                "port": broker.port,
                "ca": served / "ca.crt",
                "certificate": served / "centre.all.crt",
                "certificate_key": keys / "centre.all.key",
            },
            "authority": {"folder": broker.folder / "authority", "served": served, "host": "127.0.0.1"},
            "web": {"port": 0},
        }
    )


def _kiosk(folder: Path, broker: Secured) -> KioskSettings:
    etc = folder / "etc"
    etc.mkdir()
    for name in ("kiosk", "relay", "agent"):
        (folder / name).mkdir()
    (etc / "ca.crt").write_bytes((broker.served / "ca.crt").read_bytes())
    return KioskSettings(
        folders=Folders(
            ledger=folder / "kiosk",
            relay=folder / "relay",
            centre_keys=etc / "centre.json",
            agent=folder / "agent",
            notice=folder / "notice",
            releases=folder / "opt",
            release_keys=etc / "release.json",
            run=folder / "run",
        ),
        relay=RelaySettings(
            host="127.0.0.1",
            port=broker.port,
            ca=etc / "ca.crt",
            certificate=etc / "kiosk.crt",
            certificate_key=etc / "kiosk.key",
            tls=True,
        ),
    )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(job, "RENEW_S", 0.5)
    (tmp_path / "broker").mkdir()
    with opened(tmp_path / "broker") as broker, ExitStack() as stack:
        yield Site(tmp_path, broker, stack)


def test_a_certificate_near_its_end_is_renewed_without_a_visit(site: Site) -> None:
    old = site.certificate
    machine = site.start_kiosk()
    wait_for("the kiosk is online with its first certificate", lambda: site.online, LIMIT_S)
    site.start_centre()
    wait_for("the centre knows that the new certificate is in use", lambda: site.installed() == 2, LIMIT_S)
    new = site.certificate
    key = serialization.load_pem_private_key(site.kiosk.relay.certificate_key.read_bytes(), None)
    assert key.public_key() == new.public_key()
    assert new.public_key() != old.public_key(), "the key was made on the kiosk, and is a new one"
    assert new.not_valid_after_utc - old.not_valid_after_utc > timedelta(days=300)
    assert machine.asked == ["restart relay"], "its answer came by the new certificate: the old connection had ended"
    assert site.online

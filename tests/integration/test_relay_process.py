"""The relay as a process: it stops when told, takes up where a killed one left off, and speaks mutual TLS."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.database import TakenError
from kiosk.ledger import Receipted
from kiosk.relay import RelayReader
from kiosk.relay.store import Store
from tests.fixtures.brokers import BrokerProcess, free_port, wait_for
from tests.fixtures.fake_centre import FakeCentre
from tests.fixtures.ledgers import Box, check_in, reading

pytestmark = pytest.mark.timeout(90)

STOP_S = 3.0
RUN = "import sys; from cli.main import main; main(['kiosk', 'relay', '--config', sys.argv[1]])"


class Process:
    """`siperlu kiosk relay --config FILE`."""

    def __init__(self, folder: Path, port: int, more: str = "tls = false") -> None:
        self.folder = folder
        self._config = folder / "kiosk.toml"
        self._config.write_text(
            f'[folders]\nledger = "{folder}/kiosk"\nrelay = "{folder}/relay"\ncentre_keys = "{folder}/centre.json"\n'
            f"[relay]\nport = {port}\nresend_s = 0.5\n{more}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", RUN, str(self._config)])

    def end(self, number: signal.Signals) -> tuple[int, float]:
        """Exit status, and the seconds it took."""
        assert self._process
        began = time.monotonic()
        self._process.send_signal(number)
        status = self._process.wait(30)
        self._process = None
        return status, time.monotonic() - began

    def close(self) -> None:
        if self._process:
            self.end(signal.SIGKILL)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[BrokerProcess]:
    made = BrokerProcess("mosquitto", tmp_path)
    made.start()
    yield made
    made.kill()


def _upto(reader: RelayReader, chain: str) -> int:
    return reader.receipts().get(chain, Receipted(0)).upto


def test_killed_relays_lose_and_double_nothing(tmp_path: Path, broker: BrokerProcess) -> None:
    centre = FakeCentre(broker.port)
    centre.write_keys(tmp_path / "centre.json")
    centre.start()
    ledger = Box(tmp_path / "kiosk").open()
    relay, reader = Process(tmp_path, broker.port), RelayReader(tmp_path / "relay")
    try:
        for _ in range(3):
            for number in range(40):
                entry = ledger.append(check_in(), reading(number))
            relay.start()
            wait_for("some arrived", lambda seq=entry.seq: len(centre.records) > seq - 40, 30)
            relay.end(signal.SIGKILL)
        relay.start()
        wait_for("all are receipted", lambda: _upto(reader, entry.chain) == 120, 30)
        status, seconds = relay.end(signal.SIGTERM)
    finally:
        relay.close()
        centre.stop()
        ledger.close()
        reader.close()
    assert status == 0
    assert seconds < STOP_S
    assert len(centre.records) == 120
    assert centre.conflicts == 0


def test_it_stops_in_time_while_a_connection_hangs(tmp_path: Path) -> None:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        relay = Process(tmp_path, silent.getsockname()[1])
        relay.start()
        silent.settimeout(30)
        connection, _ = silent.accept()
        status, seconds = relay.end(signal.SIGTERM)
        connection.close()
    assert status == 0
    assert seconds < STOP_S


def test_a_second_relay_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(TakenError, match="another process"):
        Store(tmp_path)
    store.close()
    Store(tmp_path).close()


class Certificates:
    """A certificate authority, a broker's certificate and a kiosk's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
        self._write("ca", self._key, self._sign(self._name, self._key.public_key(), ca=True))
        for name in ("broker", "kiosk-1"):
            key = ec.generate_private_key(ec.SECP256R1())
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
            self._write(name, key, self._sign(subject, key.public_key(), ca=False))

    def _sign(self, subject: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False)
        )
        return builder.sign(self._key, hashes.SHA256())

    def _write(self, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        (self._folder / f"{name}.key").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
        (self._folder / f"{name}.crt").write_bytes(certificate.public_bytes(pem))


def test_mutual_tls(tmp_path: Path) -> None:
    Certificates(tmp_path)
    broker = BrokerProcess("mosquitto", tmp_path)
    tls_port = free_port()
    with (tmp_path / "mosquitto.conf").open("a") as file:
        file.write(
            f"listener {tls_port} 127.0.0.1\ncafile {tmp_path}/ca.crt\ncertfile {tmp_path}/broker.crt\n"
            f"keyfile {tmp_path}/broker.key\nrequire_certificate true\n"
        )
    for name in ("broker.key", "broker.crt", "ca.crt"):
        (tmp_path / name).chmod(0o644)
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        if folder.stat().st_uid == os.getuid():
            folder.chmod(folder.stat().st_mode | 0o011)  # mosquitto gives root away before it reads its key
    broker.start()
    centre = FakeCentre(broker.port)
    centre.write_keys(tmp_path / "centre.json")
    centre.start()
    ledger = Box(tmp_path / "kiosk").open()
    entry = ledger.append(check_in(), reading())
    names = (
        f'ca = "{tmp_path}/ca.crt"\ncertificate = "{tmp_path}/kiosk-1.crt"\ncertificate_key = "{tmp_path}/kiosk-1.key"'
    )
    relay, reader = Process(tmp_path, tls_port, f"tls = true\n{names}"), RelayReader(tmp_path / "relay")
    try:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            _talk_without_a_certificate(tls_port, tmp_path / "ca.crt")
        relay.start()
        wait_for("the record is receipted over TLS", lambda: _upto(reader, entry.chain) == 1, 30)
    finally:
        relay.close()
        centre.stop()
        broker.kill()
        ledger.close()
        reader.close()


def _talk_without_a_certificate(port: int, ca: Path) -> None:
    context = ssl.create_default_context(cafile=str(ca))
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")
        if not secure.recv(4):
            raise ConnectionResetError("closed")

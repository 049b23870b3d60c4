"""The broker as the authority meets it: would it let this certificate in? And out with whoever holds that name."""

from __future__ import annotations

import socket
import ssl
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from collector.authority.authority import Authority, Issued, secret_pem
from collector.authority.certificates import PrivateKey, Role, Subject, new_key
from collector.errors import LinkError
from collector.settings import Broker

LIMIT_S = 5.0
MOMENT = timedelta(hours=1)
CANARY = "canary.siperlu"
"""Not a name that a kiosk can have: there is a dot in it."""
CONNACK_OK = b"\x20\x02\x00\x00"

Greet = Callable[[str, PrivateKey], bool]


@dataclass(frozen=True, slots=True)
class Canary:
    """A pair of certificates made for one list: one that is on it from the start, and one that never is.

    A broker that refuses the first and takes the second has read the list; one that refuses both is full, or ill.
    """

    listed: Issued
    control: Issued
    key: PrivateKey

    def proves(self, greet: Greet) -> bool:
        """Whether the broker goes by the list. Raises LinkError when it is not there."""
        return not greet(self.listed.chain, self.key) and greet(self.control.chain, self.key)


def new_canary(authority: Authority, now: datetime) -> Canary:
    """Two certificates nobody has seen before, for one key."""
    key = new_key()
    subject = Subject(CANARY, Role.CANARY)
    listed, control = (authority.issue(key.public_key(), subject, now, MOMENT) for _ in range(2))
    return Canary(listed, control, key)


def take_over(greet: Greet, authority: Authority, subject: str, now: datetime) -> bool:
    """End the live connection of `subject` by connecting in its name; whether the broker let us.

    mosquitto keeps a connection whose certificate was revoked, but of two with the same client id, which is the
    certificate's name, it closes the older. The certificate lives in this process for one connection.
    """
    key = new_key()
    return greet(authority.issue(key.public_key(), Subject(subject, Role.KIOSK), now, MOMENT).chain, key)


def greeter(broker: Broker) -> Greet:
    """Connects to a broker with a certificate chain and its key; whether it was let in.

    The function raises LinkError when the broker is not there at all: that is no answer.
    """

    def greet(chain: str, key: PrivateKey) -> bool:
        context = _context(broker, chain, key)
        try:
            raw = socket.create_connection((broker.host, broker.port), LIMIT_S)
        except OSError as error:
            raise LinkError(f"broker {broker.host}:{broker.port}: {error}; is mosquitto running?") from error
        with raw:
            try:
                with context.wrap_socket(raw, server_hostname=broker.host) as secured:
                    return _connect(secured)
            except ssl.SSLCertVerificationError as error:
                raise LinkError(f"broker {broker.host}: {error.verify_message}; is broker.ca its authority?") from error
            except (ssl.SSLError, ConnectionError, TimeoutError):
                return False

    return greet


def _connect(secured: ssl.SSLSocket) -> bool:
    """MQTT 3.1.1: CONNECT with a clean session, CONNACK, DISCONNECT."""
    name = b"siperlu-authority"  # the broker puts the certificate's name in its place
    body = b"\x00\x04MQTT\x04\x02\x00\x0a" + struct.pack(">H", len(name)) + name
    secured.sendall(b"\x10" + bytes([len(body)]) + body)
    answer = b""
    while len(answer) < len(CONNACK_OK) and (more := secured.recv(len(CONNACK_OK) - len(answer))):
        answer += more
    if answer != CONNACK_OK:
        return False
    secured.sendall(b"\xe0\x00")
    return True


def _context(broker: Broker, chain: str, key: PrivateKey) -> ssl.SSLContext:
    """Python's ssl reads a key from a file alone: it lies in a folder of this process's own for a moment."""
    try:
        context = ssl.create_default_context(cafile=str(broker.ca))
    except OSError as error:
        raise LinkError(f"{broker.ca}: {error}; it is the root's certificate") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory(prefix="siperlu-") as folder:
        path = Path(folder) / "both.pem"
        path.touch(0o600)
        path.write_bytes(chain.encode() + secret_pem(key))
        context.load_cert_chain(path)
    return context

"""One MQTT connection at a time, kept up by its own thread; what happens on it is handed over through a queue.

MQTT 5 where the broker speaks it, else 3.1.1: some brokers answer a CONNECT of version 5 by hanging up. Every
connection is a new client with a clean session: nothing waits in memory or at the broker, the ledger is the only store.
"""

from __future__ import annotations

import logging
import queue
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from kiosk.relay.backoff import Backoff
from kiosk.settings import RelaySettings

LOG = logging.getLogger(__name__)

KEEPALIVE_S = 30
CONNECT_S = 5.0
CONNACK_S = {MQTTProtocolVersion.MQTTv5: 3.0, MQTTProtocolVersion.MQTTv311: 10.0}
"""So long an answer to CONNECT is waited for. Brokers that know no version 5 may never answer one."""

STEADY_S = 10.0
"""A connection that lasted so long was a good one: its loss is answered fast."""

QUEUE_EVENTS = 250
"""So many events wait for the relay; then reading stops, and with it, by TCP, the broker."""


@dataclass(frozen=True, slots=True)
class Up:
    """A connection stands and its subscriptions were asked for."""


@dataclass(frozen=True, slots=True)
class Down:
    """The connection is lost, or one could not be made."""

    reason: str


@dataclass(frozen=True, slots=True)
class Came:
    """A message came in."""

    topic: str
    payload: bytes


LinkEvent: TypeAlias = Up | Down | Came


class LinkEnded(RuntimeError):
    """The connection is not kept up any more."""


class Link:
    """The connection to the broker. `will`: topic and maker of the payload that the broker sends when we vanish."""

    def __init__(
        self,
        settings: RelaySettings,
        client_id: str,
        subscriptions: Iterable[str],
        will: tuple[str, Callable[[], str]],
        luck: random.Random,
    ) -> None:
        self.events: queue.Queue[LinkEvent] = queue.Queue(QUEUE_EVENTS)
        self._settings = settings
        self._client_id = client_id
        self._subscriptions = [(topic, 1) for topic in subscriptions]
        self._will = will
        self._backoff = Backoff(luck)
        self._protocol = MQTTProtocolVersion.MQTTv5
        self._stop = threading.Event()
        self._client: mqtt.Client | None = None
        self._thread = threading.Thread(target=self._keep_up, name="link", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def check(self) -> None:
        """Raises LinkEnded when the thread ended although nobody asked for it."""
        if not self._thread.is_alive() and not self._stop.is_set():
            raise LinkEnded("the thread that keeps the connection up ended; the process must be restarted")

    @property
    def is_up(self) -> bool:
        """Whether a connection stands."""
        return self._client is not None

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> mqtt.MQTTMessageInfo | None:
        """Hand a message to the connection, QoS 1; None when there is none."""
        client = self._client
        if client is None:
            return None
        info = client.publish(topic, payload, qos=1, retain=retain)
        return info if info.rc == mqtt.MQTT_ERR_SUCCESS else None

    def subscribe(self) -> None:
        """Ask for the subscriptions again, whereupon the broker sends what it retains again."""
        client = self._client
        if client is not None:
            client.subscribe(self._subscriptions)

    def close(self) -> None:
        """Disconnect and end the thread, or leave it behind where a name server or a handshake holds it."""
        self._stop.set()
        client = self._client
        if client is not None:
            client.disconnect()
        if self._thread.is_alive():
            self._thread.join(1.0)

    # -- the thread

    def _keep_up(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            outcome = self._connection()
            if outcome is Outcome.STOOD and time.monotonic() - began > STEADY_S:
                self._backoff.succeed()
            if outcome is Outcome.HUNG_UP and self._protocol is MQTTProtocolVersion.MQTTv5:
                self._protocol = MQTTProtocolVersion.MQTTv311
                continue
            if outcome is Outcome.HUNG_UP:
                self._protocol = MQTTProtocolVersion.MQTTv5
            self._stop.wait(self._backoff.wait_s())

    def _connection(self) -> Outcome:
        """One connection from beginning to end."""
        attempt = _Attempt()
        try:
            client = self._make_client(attempt)
            client.connect(self._settings.host, self._settings.port, KEEPALIVE_S)
        except (OSError, ValueError) as error:
            self._tell(Down(f"{self._settings.host}:{self._settings.port}: {error}"))
            return Outcome.FAILED
        client.loop_start()
        if not attempt.settled.wait(CONNACK_S[self._protocol]):
            attempt.reason = "no answer to CONNECT"
        elif attempt.stood:
            attempt.over.wait()
        self._client = None
        client.disconnect()
        self._tell(Down(attempt.reason))
        return attempt.outcome

    def _make_client(self, attempt: _Attempt) -> mqtt.Client:
        client = _Client(
            CallbackAPIVersion.VERSION2, self._client_id, protocol=self._protocol, reconnect_on_failure=False
        )
        client.ended = attempt.break_off
        client.connect_timeout = CONNECT_S
        if self._settings.tls:
            client.tls_set(
                ca_certs=str(self._settings.ca),
                certfile=str(self._settings.certificate),
                keyfile=str(self._settings.certificate_key),
                cert_reqs=ssl.CERT_REQUIRED,
            )
        topic, payload = self._will
        client.will_set(topic, payload(), qos=1, retain=True)

        def connected(client: mqtt.Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
            attempt.answer(code)
            if attempt.stood:
                self._client = client
                client.subscribe(self._subscriptions)
                self._tell(Up())
            attempt.settled.set()

        def disconnected(_client: mqtt.Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
            attempt.end(code)

        client.on_connect = connected
        client.on_disconnect = disconnected
        client.on_message = lambda _client, _data, message: self._tell(Came(message.topic, bytes(message.payload)))
        client.on_subscribe = lambda _client, _data, _mid, codes, _properties: _complain("subscription", codes)
        client.on_publish = lambda _client, _data, _mid, code, _properties: _complain("message", [code])
        return client

    def _tell(self, what: LinkEvent) -> None:
        while not self._stop.is_set():
            try:
                return self.events.put(what, timeout=0.5)
            except queue.Full:
                continue
        return None


class Outcome(Enum):
    """How a connection ended."""

    FAILED = auto()  # no way to the broker, or it refused
    HUNG_UP = auto()  # it took the CONNECT and hung up, or knows no such version
    STOOD = auto()


class _Client(mqtt.Client):
    """Tells when its thread ends, also by an error: paho raises on packets that it cannot read."""

    ended: Callable[[str], None]

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> MQTTErrorCode:
        reason = "connection closed"
        try:
            return super().loop_forever(timeout, retry_first_connection)
        except Exception as error:  # noqa: BLE001 - whatever a broker made paho raise, the connection is over
            reason = f"the broker sent what cannot be read: {type(error).__name__}"
            return mqtt.MQTT_ERR_PROTOCOL
        finally:
            self.ended(reason)


class _Attempt:
    """What is known of one connection; written by paho's thread, read by ours once `settled`."""

    def __init__(self) -> None:
        self.settled = threading.Event()
        self.over = threading.Event()
        self.stood = False
        self.reason = "the broker hung up before it answered"
        self.outcome = Outcome.HUNG_UP

    def answer(self, code: ReasonCode) -> None:
        self.stood = not code.is_failure
        self.reason = f"the broker refused: {code}"
        unknown_version = code.is_failure and "protocol version" in str(code).lower()
        if not unknown_version:
            self.outcome = Outcome.STOOD if self.stood else Outcome.FAILED

    def end(self, code: ReasonCode) -> None:
        self.break_off(f"connection lost: {code}")

    def break_off(self, reason: str) -> None:
        """The first reason counts."""
        if self.stood and not self.over.is_set():
            self.reason = reason
        self.over.set()
        self.settled.set()


def _complain(what: str, codes: Iterable[ReasonCode]) -> None:
    for code in codes:
        if code.is_failure:
            LOG.warning("the broker denied a %s: %s; check its access rules for this kiosk", what, code)

"""The centre's one MQTT connection: deliveries in, receipts and rosters out."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from threading import Event, Lock
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from collector.errors import LinkError
from collector.ingest.lane import Delivery, Lane
from collector.ingest.message import Message
from collector.outgoing import Outgoing
from collector.settings import Broker
from wire.messages import MAX_MESSAGE_BYTES
from wire.topics import subscriptions_of_centre

log = logging.getLogger(__name__)

KEEPALIVE_S = 30
CONNECT_S = 5.0
ANSWER_S = 2.0
"""A broker without MQTT 5 may drop such a connection without a word."""
POLL_S = 0.1
BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
IN_FLIGHT = 65_535
"""Unacknowledged messages the broker may send ahead (MQTT 5): brokers stop at 20 otherwise, less than one batch."""
OUT_QUEUE = 60_000
"""Messages to kiosks that wait for the broker, of the 65,535 that MQTT can tell apart; beyond, receipts are lost and asked
for again."""
AHEAD = 2000
"""Messages on the way up to which there is room for rosters: receipts never queue behind more."""


class Link:
    """Keeps one connection to the broker until told to stop.

    The session is never relied upon: every connection starts clean and subscribes anew, `connected` is called for it,
    and what the broker forgot the kiosks send again. MQTT 5 is tried first; a broker that does not answer it, 3.1.1.
    """

    def __init__(
        self, settings: Broker, name: str, lane: Lane | None, connected: Callable[[], None] = lambda: None
    ) -> None:
        """`name`: client id. Without a `lane` it only publishes. `connected` is called on the link's own thread."""
        self._settings = settings
        self._name = name
        self._lane = lane
        self._connected = connected
        self._client: mqtt.Client | None = None
        self._up = Event()
        self._ended = Event()
        self._lost_at: float | None = None
        self._let_go = 0
        self._on_the_way = 0
        self._refused = False
        self._counting = Lock()

    @property
    def up(self) -> bool:
        """Whether the broker is connected now."""
        return self._up.is_set()

    @property
    def room(self) -> int:
        """How many messages may be handed over that can wait; none offline."""
        return max(0, AHEAD - self._on_the_way) if self.up else 0

    def publish(self, messages: Iterable[Outgoing]) -> int:
        """Hand messages to the broker, QoS 1, as far as it takes them; how many. Offline none is: receipts are asked for
        again by sending again, and rosters are published anew on every connection."""
        client = self._client
        handed = 0
        for message in messages:
            if client is None or not self._up.is_set():
                break
            done = client.publish(message.topic, message.payload, qos=1, retain=message.retain)
            if done.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
            handed += 1
            with self._counting:
                self._on_the_way += 1
        return handed

    def run(self, stop: Event) -> None:
        """Connect, serve, and connect again until `stop` is set.

        The certificate is read for every connection: it is renewed while this runs. Raises LinkError when it cannot work
        at the start; later the link waits for a better one.
        """
        _tls(self._settings)
        first, second = mqtt.MQTTv5, mqtt.MQTTv311
        attempt = 0
        while not stop.is_set():
            protocol = second if attempt % 2 else first
            if self._serve(protocol, stop):
                first, second = (first, second) if protocol == first else (second, first)
                attempt = 0
            else:
                attempt += 1
            stop.wait(BACK_OFF_S[min(attempt // 2, len(BACK_OFF_S) - 1)])

    def _serve(self, protocol: Any, stop: Event) -> bool:
        """One connection until it ends; whether it ever stood."""
        self._ended.clear()
        try:
            client = self._new_client(protocol, _tls(self._settings))
            self._open(client, protocol)
        except (OSError, ValueError) as error:
            self._note_lost(str(error))
            return False
        client.loop_start()
        try:
            stood = self._wait(self._up, ANSWER_S, stop)
            if not stood:
                self._note_lost("no answer")
            while stood and not stop.is_set() and not self._ended.wait(POLL_S):
                pass
            return stood
        finally:
            self._close(client)

    def _wait(self, event: Event, limit_s: float, stop: Event) -> bool:
        deadline = time.monotonic() + limit_s
        while not (event.wait(POLL_S) or stop.is_set() or self._ended.is_set() or time.monotonic() > deadline):
            pass
        return event.is_set()

    def _open(self, client: mqtt.Client, protocol: Any) -> None:
        settings = self._settings
        if protocol != mqtt.MQTTv5:
            client.connect(settings.host, settings.port, KEEPALIVE_S)
            return
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it so
        properties.ReceiveMaximum = IN_FLIGHT
        properties.MaximumPacketSize = 2 * MAX_MESSAGE_BYTES
        client.connect(settings.host, settings.port, KEEPALIVE_S, clean_start=True, properties=properties)

    def _close(self, client: mqtt.Client) -> None:
        self._up.clear()
        self._client = None
        client.disconnect()
        client.loop_stop()

    def _new_client(self, protocol: Any, tls: ssl.SSLContext | None) -> mqtt.Client:
        clean = None if protocol == mqtt.MQTTv5 else True
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._name,
            clean_session=clean,
            protocol=protocol,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(1000)
        client.max_queued_messages_set(OUT_QUEUE)
        client.connect_timeout = CONNECT_S
        if tls:
            client.tls_set_context(tls)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _on_connect(self, client: mqtt.Client, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._note_lost(f"broker refuses: {reason}")
            return
        if self._lane is not None:
            client.subscribe([(topic, 1) for topic in subscriptions_of_centre()])
        self._client = client
        self._on_the_way = 0
        self._refused = False
        self._up.set()
        if self._lost_at is None:
            log.info("connected to broker %s:%s", self._settings.host, self._settings.port)
        else:
            log.warning("broker back after %.0f s", time.monotonic() - self._lost_at)
        self._lost_at = None
        self._let_go = 0
        self._connected()

    def _on_disconnect(self, client: mqtt.Client, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if client is self._client:
            self._up.clear()
            self._note_lost(str(reason))
        self._ended.set()

    def _on_message(self, client: mqtt.Client, _user: Any, message: mqtt.MQTTMessage) -> None:
        if self._lane is None:
            return
        acknowledge = partial(self._acknowledge, client, message.mid, message.qos)
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = message._topic.decode(errors="replace")  # noqa: SLF001 - paho offers no other way to its bytes
        arrived = Delivery(Message(topic, bytes(message.payload), datetime.now(UTC)), acknowledge)
        if not self._lane.put(arrived):
            # Acknowledged all the same: it has no receipt, so it comes again; unanswered ones would fill the window.
            acknowledge()
            self._let_go += 1
            if self._let_go == 1:
                log.warning("more messages wait than memory may hold: newer ones are let go and will be sent again")

    def _on_publish(self, client: mqtt.Client, _user: Any, _mid: int, reason: Any, _properties: Any) -> None:
        """The broker has answered for a message."""
        if client is not self._client:
            return
        with self._counting:
            self._on_the_way -= 1
        if reason.is_failure and not self._refused:
            self._refused = True
            log.error("broker refuses what the centre publishes: %s; check its access list for the centre", reason)

    def _acknowledge(self, client: mqtt.Client, mid: int, qos: int) -> None:
        # An earlier connection's number means another message on this one.
        if qos and client is self._client:
            client.ack(mid, qos)

    def _note_lost(self, why: str) -> None:
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            log.warning("broker %s:%s lost: %s", self._settings.host, self._settings.port, why)


def _tls(settings: Broker) -> ssl.SSLContext | None:
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=str(settings.ca))
        context.load_cert_chain(settings.certificate, settings.certificate_key)
    except (OSError, ssl.SSLError) as error:
        files = f"{settings.ca}, {settings.certificate}, {settings.certificate_key}"
        raise LinkError(f"TLS to the broker: one of {files} cannot be used ({error})") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context

"""The centre's link on real brokers: MQTT 5 and 3.1.1, an unanswered batch larger than a broker's usual window."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from collector.errors import LinkError
from collector.ingest.lane import Delivery, Lane
from collector.ingest.link import Link
from collector.outgoing import Outgoing
from collector.parts import Loop
from collector.settings import Broker
from tests.fixtures.brokers import BrokerProcess, wait_for


class Kept(Lane):
    """A lane that keeps what comes and acknowledges nothing by itself."""

    def __init__(self) -> None:
        super().__init__(1, 0)
        self.deliveries: list[Delivery] = []

    def put(self, delivery: Delivery) -> bool:
        self.deliveries.append(delivery)
        return True


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BrokerProcess]:
    broker = BrokerProcess(request.param, tmp_path)
    broker.start()
    yield broker
    broker.kill()


@contextmanager
def linked(port: int, lane: Lane, connected: threading.Event) -> Iterator[Link]:
    link = Link(Broker(port=port, tls=False), "centre", lane, connected.set)
    loop = Loop("link", link.run)
    loop.start()
    try:
        wait_for("the link stands", lambda: link.up, 30)
        yield link
    finally:
        loop.close()
        assert not loop.alive


@contextmanager
def kiosk(port: int, heard: list[Any]) -> Iterator[mqtt.Client]:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="kiosk")
    ready = threading.Event()
    client.on_connect = lambda *_: client.subscribe("siperlu/v1/kiosk-1/#", 1) and None
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _client, _user, message: heard.append((message.topic, message.payload))
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert ready.wait(10)
    yield client
    client.disconnect()
    client.loop_stop()


def test_both_ways_and_back_after_the_broker_forgot_everything(broker: BrokerProcess) -> None:
    lane, connected, heard = Kept(), threading.Event(), list[Any]()
    with linked(broker.port, lane, connected) as link:
        for _ in range(2):
            wait_for("told of the connection", connected.is_set)
            connected.clear()
            with kiosk(broker.port, heard) as client:
                client.publish("siperlu/v1/kiosk-1/records", b"r", qos=1)
                wait_for("the record is here", lambda: lane.deliveries)
                link.publish([Outgoing("siperlu/v1/kiosk-1/receipts", b"x")])
                wait_for("the receipt is there", lambda: ("siperlu/v1/kiosk-1/receipts", b"x") in heard)
            lane.deliveries.pop().acknowledge()
            lane.deliveries.clear()
            heard.clear()
            broker.kill()
            wait_for("the loss is noticed", lambda: not link.up)
            assert link.publish([Outgoing("siperlu/v1/kiosk-1/receipts", b"y")]) == 0
            broker.start()
            wait_for("the link is back", lambda: link.up, 30)


def test_a_whole_batch_may_be_on_the_way_before_the_first_acknowledgement(tmp_path: Path) -> None:
    broker = BrokerProcess("mosquitto", tmp_path)
    broker.start()
    lane = Kept()
    with linked(broker.port, lane, threading.Event()), kiosk(broker.port, []) as client:
        for number in range(500):
            client.publish("siperlu/v1/kiosk-1/records", str(number), qos=1)
        wait_for("500 unacknowledged messages are here", lambda: len(lane.deliveries) == 500)
    broker.kill()


def test_certificates_that_cannot_be_read_end_it_with_their_names(tmp_path: Path) -> None:
    link = Link(Broker(ca=tmp_path / "none.crt"), "centre", None)
    with pytest.raises(LinkError, match=r"none\.crt"):
        link.run(threading.Event())

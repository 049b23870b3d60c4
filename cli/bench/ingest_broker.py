"""The same load through a real broker: the centre's own link and lane, and the peer's plain paho callback.

Run as a program it is the sender: `python -m cli.bench.ingest_broker PORT FILE`, a topic and a sealed text a line.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from cli.bench.ingest_load import Load, open_centre
from cli.bench.ingest_peer import Peer
from cli.demo.broker import find_mosquitto
from cli.demo.processes import Processes, answers, free_port
from cli.output import Failure, say
from collector.ingest.intake import Intake, now
from collector.ingest.lane import Lane
from collector.ingest.link import Link
from collector.ingest.message import Message
from collector.keys import CentreKeys
from collector.outgoing import Outgoing
from collector.parts import Loop
from collector.settings import Broker, Ingest
from wire.topics import subscriptions_of_centre

CONFIG = "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 0\n"
LIMIT_S = 600.0


def over_broker(load: Load, urls: tuple[str, str], batch: int, folder: Path) -> dict[str, float]:
    """Records a second from a sender through mosquitto into the database; empty without mosquitto."""
    mosquitto = find_mosquitto()
    if mosquitto is None:
        say("mosquitto is not installed: the run over a broker is left out")
        return {}
    processes, port = Processes(folder / "logs"), free_port()
    config, lines = folder / "mosquitto.conf", folder / "load.txt"
    config.write_text(CONFIG.format(port=port))
    lines.write_bytes(b"".join(b"%s %s\n" % (one.topic.encode(), one.payload) for one in load.messages))
    try:
        processes.start("broker", mosquitto, "-c", str(config))
        processes.wait_for(lambda: answers(port), "the broker listens", 15)
        ours = _ours(load, urls[0], port, batch, lines)
        peer = _peer(load, urls[1], port, lines)
    finally:
        processes.stop()
    return {"broker_records_per_s": round(ours, 1), "broker_peer_records_per_s": round(peer, 1)}


class _Stretch:
    """Time from the first message to the last commit."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._count = 0
        self._start = 0.0
        self._end = 0.0
        self._done = threading.Event()

    def began(self) -> None:
        """A message is here."""
        self._start = self._start or time.perf_counter()

    def committed(self, count: int) -> None:
        """So many more are durable."""
        self._count += count
        self._end = time.perf_counter()
        if self._count >= self._wanted:
            self._done.set()

    def rate(self, port: int, lines: Path) -> float:
        """Send the load; records a second. Raises Failure."""
        sender = [sys.executable, "-m", "cli.bench.ingest_broker", str(port), str(lines)]
        with subprocess.Popen(sender) as process:  # noqa: S603 - this module itself
            if not self._done.wait(LIMIT_S):
                process.kill()
                raise Failure(f"after {LIMIT_S:.0f} s {self._count} of {self._wanted} records had arrived")
        return self._wanted / (self._end - self._start)


def _ours(load: Load, url: str, port: int, batch: int, lines: Path) -> float:
    stretch = _Stretch(len(load.messages))
    writer = open_centre(url, load.keys)
    intake = Intake(writer, CentreKeys.open(lines.parent / "keys"))
    lane = Lane(batch, Ingest().wait_ms / 1000)
    link = Link(Broker(host="127.0.0.1", port=port, tls=False), "bench-centre", lane)

    def take(messages: Any) -> list[Outgoing]:
        stretch.began()
        receipts = intake.take(messages)
        stretch.committed(len(messages))
        return receipts

    parts = [Loop("link", link.run), Loop("lane", lambda stop: lane.run(take, link.publish, stop), lane.wake)]
    for part in parts:
        part.start()
    try:
        _wait(lambda: link.up)
        return stretch.rate(port, lines)
    finally:
        for part in reversed(parts):
            part.close()
        writer.close()


def _peer(load: Load, url: str, port: int, lines: Path) -> float:
    stretch = _Stretch(len(load.messages))
    writer = open_centre(url, load.keys)
    peer = Peer(writer.engine, load.ring)
    up = threading.Event()

    def on_connect(client: mqtt.Client, *_: Any) -> None:
        client.subscribe([(topic, 1) for topic in subscriptions_of_centre()])

    def on_message(_client: mqtt.Client, _user: Any, message: mqtt.MQTTMessage) -> None:
        stretch.began()
        peer.take(Message(message.topic, bytes(message.payload), now()))
        stretch.committed(1)

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bench-peer")
    client.on_connect = on_connect
    client.on_subscribe = lambda *_: up.set()
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        _wait(up.is_set)
        return stretch.rate(port, lines)
    finally:
        client.disconnect()
        client.loop_stop()
        peer.close()
        writer.close()


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not condition():
        if time.monotonic() > end:
            raise Failure("the broker did not answer within 15 s")
        time.sleep(0.02)


def _send(port: int, lines: Path) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bench-sender")
    client.max_inflight_messages_set(2000)
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", port)
    client.loop_start()
    last = None
    for line in lines.read_bytes().splitlines():
        topic, _, payload = line.partition(b" ")
        last = client.publish(topic.decode(), payload, qos=1)
    if last is not None:
        last.wait_for_publish(LIMIT_S)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    _send(int(sys.argv[1]), Path(sys.argv[2]))

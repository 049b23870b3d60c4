"""Clients of the screen that do not read, do not leave, or come in crowds: the kiosk's loop never waits for them."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.signals import Signal
from kiosk.screen import Card, Picture, ScreenServer
from kiosk.screen.pages import CLIENTS
from kiosk.settings import Identity, ScreenSettings

BIG = Picture(b"\xff\xd8" + bytes(300_000), 640, 480, None)


@pytest.fixture
def server() -> Iterator[ScreenServer]:
    server = ScreenServer(ScreenSettings(port=0), Identity())
    server.start()
    yield server
    server.close()


def ask(server: ScreenServer, path: str) -> socket.socket:
    """A client that asks and never reads."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return client


def status(server: ScreenServer, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def until(condition: object, limit_s: float = 5.0) -> bool:
    """Whether the condition came true within the limit."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        threading.Event().wait(0.05)
    return False


def test_clients_that_never_read_make_nobody_wait(server: ScreenServer) -> None:
    stuck = [ask(server, path) for path in ["/events"] * (CLIENTS - 1) + ["/picture"] * (CLIENTS - 1)]
    began = time.perf_counter()
    for turn in range(300):
        server.picture(BIG)
        server.show(Card(Signal.SEEN if turn % 2 else Signal.IDLE))
    assert (time.perf_counter() - began) / 300 < 0.01
    assert status(server, "/") == 200
    assert status(server, "/picture") == 200
    for client in stuck:
        client.close()


def test_a_crowd_is_turned_away_and_forgotten(server: ScreenServer) -> None:
    crowd = [ask(server, "/events") for _ in range(CLIENTS)]
    assert until(lambda: status(server, "/events") == 503)
    for client in crowd:
        client.close()
    assert until(lambda: status(server, "/events") == 200)


def test_it_listens_on_loopback_only(server: ScreenServer) -> None:
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()]
    listening = [fields[1] for fields in sockets if fields[3] == "0A"]
    ours = [address for address in listening if int(address.split(":")[1], 16) == server.port]
    assert ours == [f"0100007F:{server.port:04X}"]


def test_closing_ends_every_connection_and_gives_the_port_back(server: ScreenServer) -> None:
    watching = ask(server, "/events")
    began = time.perf_counter()
    server.close()
    server.close()
    assert time.perf_counter() - began < 2
    watching.close()
    again = ScreenServer(ScreenSettings(port=server.port), Identity())
    again.close()


def test_a_taken_port_is_an_error_at_once(server: ScreenServer) -> None:
    with pytest.raises(OSError, match=r"[Aa]ddress already in use"):
        ScreenServer(ScreenSettings(port=server.port), Identity())

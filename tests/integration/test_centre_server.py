"""The pages' own server: loopback, a port that is freed, and no room for what nobody asked for."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from collector.settings import CollectorSettings, Web
from collector.store.engine import open_engine, open_reader
from collector.store.writer import Writer
from collector.web.guard import HUGE, LARGEST, SMALL
from collector.web.server import WebServer
from tests.stores import lay_tables


@pytest.fixture
def server(sqlite_url: str) -> Iterator[WebServer]:
    with Writer(open_engine(sqlite_url)) as writer:
        lay_tables(writer.engine)
        reader = open_reader(sqlite_url)
        server = WebServer(reader, writer, CollectorSettings(web=Web(port=0)))
        server.start()
        yield server
        server.close()
        reader.dispose()
    assert not server.alive


def test_more_than_a_page_could_want_is_refused_before_it_is_read(server: WebServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", str(HUGE + 1))
    connection.endheaders()
    assert connection.getresponse().status == http.client.REQUEST_ENTITY_TOO_LARGE
    connection.close()


def test_what_a_stick_may_be_no_other_page_takes(server: WebServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", "/reports/recap/check", b"x" * (LARGEST + 1))
    assert connection.getresponse().status == http.client.REQUEST_ENTITY_TOO_LARGE
    connection.close()


def test_more_than_this_page_takes_is_refused(server: WebServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", "/login", b"x" * (SMALL + 1))
    assert connection.getresponse().status == http.client.REQUEST_ENTITY_TOO_LARGE
    connection.close()


def test_a_page_of_another_name_is_refused(server: WebServer) -> None:
    for host, status in (("127.0.0.1", 200), ("centre.example", 421)):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("GET", "/healthz", headers={"Host": host})
        assert connection.getresponse().status == status
        connection.close()

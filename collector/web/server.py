"""Serving the pages."""

from __future__ import annotations

import logging
import socket
import threading
from datetime import UTC, datetime
from typing import Any

import waitress
from sqlalchemy import Engine
from waitress import wasyncore

from collector.settings import CollectorSettings
from collector.store.writer import Writer
from collector.web.app import create_app
from collector.web.desk import Clock
from collector.web.guard import HUGE

HOST = "127.0.0.1"
"""There is no setting for another address: passwords cross a network inside TLS only, whose end is a proxy here."""

STOP_S = 5.0
log = logging.getLogger(__name__)


def _listening(port: int) -> socket.socket:
    """Raises OSError that names the setting."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise OSError(
            error.errno, f"web.port = {port}: {error.strerror}; end what listens there or set another"
        ) from error


class WebServer:
    """The pages on loopback, in threads of their own: read from `engine`, written through `writer`.

    Raises OSError when the port is taken, StoreDownError when the database is away.
    """

    def __init__(
        self,
        engine: Engine,
        writer: Writer,
        settings: CollectorSettings,
        now: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._sockets: dict[int, Any] = {}
        self.app = create_app(engine, writer, settings, now)
        self._server = waitress.create_server(
            self.app,
            map=self._sockets,
            sockets=[_listening(settings.web.port)],
            threads=4,
            max_request_body_size=HUGE,  # each view refuses what is more than it takes itself
            ident=None,
            **_proxy(settings.web.origin),
        )
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)
        self._closed = False

    def start(self) -> None:
        """Serve until `close()`."""
        self._thread.start()
        log.info("pages at http://%s:%s/", HOST, self.port)

    @property
    def port(self) -> int:
        """The port it listens on, also when 0 was asked for."""
        return int(self._server.effective_port)

    @property
    def alive(self) -> bool:
        """Whether the serving thread runs: it must not end by itself."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the server; closing twice is fine."""
        if self._closed:
            return
        self._closed = True
        if not self.alive:
            self._close_sockets()
            return
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=STOP_S)
        self._server.trigger.pull_trigger(self._close_sockets)
        self._thread.join(STOP_S)

    def _close_sockets(self) -> None:
        wasyncore.close_all(self._sockets, ignore_all=True)


def _proxy(origin: str) -> dict[str, Any]:
    """Believe a proxy on this machine about the browser's address, where one is set; never anybody else."""
    if not origin:
        return {"clear_untrusted_proxy_headers": True}
    return {
        "trusted_proxy": HOST,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
        "clear_untrusted_proxy_headers": True,
    }

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
from collector.web.app import create_app
from collector.web.desk import Clock

HOST = "127.0.0.1"
"""Nobody logs in yet, so nobody else may look: there is no setting for another address."""

STOP_S = 5.0
LONGEST_REQUEST = 65_536
"""Bytes of a request's body: no page takes any, and more is not read, nor kept on the disk meanwhile."""

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
    """The pages on loopback, in threads of their own. Raises OSError when the port is taken."""

    def __init__(
        self,
        engine: Engine,
        settings: CollectorSettings,
        now: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._sockets: dict[int, Any] = {}
        self._server = waitress.create_server(
            create_app(engine, settings, now),
            map=self._sockets,
            sockets=[_listening(settings.web.port)],
            threads=4,
            max_request_body_size=LONGEST_REQUEST,
            ident=None,
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

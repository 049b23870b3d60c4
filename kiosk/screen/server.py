"""The screen's server: takes what the kiosk's loop says and never makes it wait."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import waitress
from waitress import wasyncore

from kiosk.pin import Answer, Said
from kiosk.screen.card import Card, Picture, Surroundings
from kiosk.screen.pad import AskPin
from kiosk.screen.pages import CLIENTS, create_app
from kiosk.screen.state import ScreenState
from kiosk.settings import Identity, ScreenSettings

HOST = "127.0.0.1"
STOP_S = 5.0

log = logging.getLogger(__name__)


class ScreenServer:
    """The page on the wall, served on loopback in threads of its own. All methods may be called from any thread.

    A result (a name, "recorded") is on the page for at most `show_s` + 2 s after the last `show()` of it; without any
    call for 3 s the page says that the kiosk does not respond. `ask` looks at a PIN, in one of the server's threads. Raises OSError when the port is taken.
    """

    def __init__(
        self,
        settings: ScreenSettings,
        identity: Identity,
        ask: AskPin = lambda _number, _pin: Answer(Said.CLOSED),
        *,
        show_s: float = 2.5,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._state = ScreenState(hold_s=show_s + 1.0)
        self._sockets: dict[int, Any] = {}
        self._server = waitress.create_server(
            create_app(self._state, settings, identity, now, ask),
            map=self._sockets,
            sockets=[socket.create_server((HOST, settings.port))],
            threads=2 * CLIENTS + 2,
            connection_limit=8 * CLIENTS,
            channel_request_lookahead=1,  # else a closed page is noticed only by the second write after it
            outbuf_high_watermark=1 << 18,
            ident=None,
        )
        self._thread = threading.Thread(target=self._server.run, name="screen", daemon=True)

    def start(self) -> None:
        """Serve. The page says that the kiosk is starting until the first `show()`."""
        self._thread.start()
        log.info("screen at http://%s:%s/", HOST, self.port)

    @property
    def port(self) -> int:
        """The port it listens on, also when 0 was asked for."""
        return int(self._server.effective_port)

    @property
    def alive(self) -> bool:
        """Whether the serving thread runs: it must not end by itself."""
        return self._thread.is_alive()

    def show(self, card: Card) -> None:
        """The big state."""
        self._state.show(card)

    def surroundings(self, surroundings: Surroundings) -> None:
        """What stands around the state."""
        self._state.surroundings(surroundings)

    def picture(self, picture: Picture) -> None:
        """The newest live picture."""
        self._state.picture(picture)

    def received(self, entry: str) -> None:
        """The centre has the record `entry` (`chain/seq`): "stored here" becomes "received by the centre"."""
        self._state.received(entry)

    def close(self) -> None:
        """End every page's connection and the server; closing twice is fine."""
        if self._state.closed:
            return
        self._state.close()
        if self.alive:
            self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=STOP_S)
            self._server.trigger.pull_trigger(self._close_sockets)
            self._thread.join(STOP_S)
        else:
            self._close_sockets()

    def _close_sockets(self) -> None:
        wasyncore.close_all(self._sockets, ignore_all=True)

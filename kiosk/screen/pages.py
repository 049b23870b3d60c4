"""The wall's page, its events, its picture, and its keypad's request. For loopback only."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask, Response, abort, render_template, request

from kiosk.pin import Answer, Said
from kiosk.screen.pad import AskPin, add_pad
from kiosk.screen.state import ScreenState
from kiosk.screen.view import LOST, Speech, compose
from kiosk.screen.words import translations
from kiosk.settings import Identity, ScreenSettings

CLIENTS = 3
"""Pages that may look at one time: the wall, an officer's, and one that is just closing."""

PICTURE_WAIT_S = 1.0

LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?")

PARTS = (
    *("static/wall.css", "static/pad.css", "static/look.css", "static/wall.js", "static/pad.js"),
    *("templates/wall.html", "templates/icons.svg"),
)
"""What the page is made of."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def create_app(
    state: ScreenState,
    settings: ScreenSettings,
    identity: Identity,
    now: Callable[[], datetime],
    ask: AskPin = lambda _number, _pin: Answer(Said.CLOSED),
) -> Flask:
    """The page of one kiosk. `now` gives the wall's clock, with a zone; `ask` looks at a PIN."""
    app = Flask(__name__)
    words = translations(settings.language)
    speech = Speech(ZoneInfo(settings.timezone), settings.language, words.gettext)
    events, pictures = threading.BoundedSemaphore(CLIENTS), threading.BoundedSemaphore(CLIENTS)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_translations(words)  # type: ignore[attr-defined]  # the extension's
    app.before_request(_only_this_host)
    app.after_request(_harden)

    def view_json() -> tuple[int, str]:
        version, card, around = state.now()
        view = compose(card, around, now(), speech)
        return version, json.dumps({**dataclasses.asdict(view), "build": build, "token": token}, ensure_ascii=False)

    def stream() -> Iterator[str]:
        while not state.closed:
            version, text = view_json()
            yield f"data: {text}\n\n"
            state.wait_change(version, 1.0 - now().microsecond / 1e6)

    @app.get("/")
    def wall() -> str:
        return render_template("wall.html", language=settings.language, identity=identity, lost=LOST, build=build)

    @app.get("/events")
    def event_stream() -> Response:
        if not events.acquire(blocking=False):
            abort(503, "too many pages look at this kiosk; close one")
        response = Response(stream(), mimetype="text/event-stream")
        response.call_on_close(events.release)
        return response

    @app.get("/picture")
    def picture() -> Response:
        if not pictures.acquire(blocking=False):
            abort(503, "too many pages look at this kiosk; close one")
        try:
            found = state.wait_picture(request.args.get("after", -1, int), PICTURE_WAIT_S)
        finally:
            pictures.release()
        if found is None:
            return Response(status=204)
        number, newest = found
        box = newest.served
        served = f"{box.left:.0f} {box.top:.0f} {box.width:.0f} {box.height:.0f}" if box else ""
        return Response(newest.jpeg, mimetype="image/jpeg", headers={"X-Number": str(number), "X-Served": served})

    token = add_pad(app, ask, speech.translate)
    build = _build(app, settings, identity)
    return app


def _build(app: Flask, settings: ScreenSettings, identity: Identity) -> str:
    """Digest of what the page is made of: a page that meets another one after a restart loads itself anew."""
    digest = hashlib.sha256(repr((settings, identity)).encode())
    for part in PARTS:
        digest.update((Path(app.root_path) / part).read_bytes())
    return digest.hexdigest()[:16]


def _only_this_host() -> None:
    """A page of another site that had its name point here (DNS rebinding) still says its own name."""
    if not LOOPBACK.fullmatch(request.host):
        abort(421, "this page is served as http://127.0.0.1 only")


def _harden(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response

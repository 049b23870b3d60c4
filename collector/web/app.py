"""The pages as one Flask application."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, render_template, request
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, ServiceUnavailable
from werkzeug.wrappers import Response as AnyResponse

from collector.settings import CollectorSettings
from collector.web import board, kiosks, person, violations
from collector.web.desk import Clock, Desk
from collector.web.guard import guard
from collector.web.language import speak
from collector.web.words import LANGUAGES

log = logging.getLogger(__name__)


def create_app(engine: Engine, settings: CollectorSettings, now: Clock = lambda: datetime.now(UTC)) -> Flask:
    """The centre's pages over a database. `now` gives the time, with a zone."""
    app = Flask(__name__)
    desk = Desk(engine, ZoneInfo(settings.web.timezone), now)
    guard(app)
    speak(app, settings.web)
    app.jinja_env.globals.update(languages=LANGUAGES, with_query=with_query, now=now, zone=desk.zone)
    for pages in (board, kiosks, person, violations):
        app.register_blueprint(pages.pages(desk))
    app.register_error_handler(HTTPException, _error)
    app.register_error_handler(DBAPIError, _no_database)

    @app.get("/healthz")
    def healthz() -> Response:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return Response("ok\n", mimetype="text/plain")

    return app


def with_query(**changes: object) -> str:
    """The query of the page asked for, some of it changed; None takes a key away. Only a query: it stays on its page."""
    query = {**request.args.to_dict(), **changes}
    return "?" + urlencode({key: str(value) for key, value in query.items() if value not in {None, ""}})


def _error(error: HTTPException) -> AnyResponse | tuple[str, int]:
    return error.get_response() if error.code is None or error.code < 400 else _shown(error)


def _shown(error: HTTPException) -> tuple[str, int]:
    code = error.code or 500
    if "language" not in g:  # refused before a language was chosen
        return f"{error.description}\n", code
    return render_template("error.html", code=code), code


def _no_database(error: DBAPIError) -> tuple[str, int]:
    """Only the kind of error is logged: its text holds what was asked for."""
    log.warning("the database does not answer: %s", type(error.orig).__name__)
    return _shown(ServiceUnavailable())

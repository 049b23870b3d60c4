"""The pages as one Flask application."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, render_template, request, url_for
from sqlalchemy import Engine, text
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from collector.settings import CollectorSettings
from collector.web import board, kiosks, person
from collector.web.desk import Clock, Desk
from collector.web.guard import guard
from collector.web.language import speak
from collector.web.words import LANGUAGES


def create_app(engine: Engine, settings: CollectorSettings, now: Clock = lambda: datetime.now(UTC)) -> Flask:
    """The centre's pages over a database. `now` gives the time, with a zone."""
    app = Flask(__name__)
    desk = Desk(engine, ZoneInfo(settings.web.timezone), now)
    guard(app)
    speak(app, settings.web)
    app.jinja_env.globals.update(languages=LANGUAGES, with_query=with_query, now=now, zone=desk.zone)
    for pages in (board, kiosks, person):
        app.register_blueprint(pages.pages(desk))
    app.register_error_handler(HTTPException, _error)

    @app.get("/healthz")
    def healthz() -> Response:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return Response("ok\n", mimetype="text/plain")

    return app


def with_query(**changes: object) -> str:
    """The address of the page asked for with some of its query changed; None takes a key away."""
    query = {**request.args.to_dict(), **changes}
    kept = {key: str(value) for key, value in query.items() if value not in {None, ""}}
    return url_for(str(request.endpoint), **{**(request.view_args or {}), **kept})


def _error(error: HTTPException) -> AnyResponse | tuple[str, int]:
    if error.code is None or error.code < 400:
        return error.get_response()
    if "language" not in g:  # refused before a language was chosen
        return f"{error.description}\n", error.code
    return render_template("error.html", error=error), error.code

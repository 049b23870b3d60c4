"""The pages as one Flask application."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, render_template, request
from markupsafe import Markup
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, ServiceUnavailable
from werkzeug.wrappers import Response as AnyResponse

from collector.accounts.secret import cookie_key
from collector.errors import StoreDownError
from collector.recap.qr import svg
from collector.settings import CollectorSettings, Web
from collector.store.writer import Writer
from collector.web import (
    access,
    account,
    accounts,
    appeals,
    audit,
    board,
    enrol,
    entered,
    handout,
    holidays,
    hours,
    imports,
    kiosks,
    leave,
    lists,
    mine,
    months,
    orders,
    person,
    person_hours,
    phone_api,
    pictures,
    pins,
    registration,
    rollouts,
    rota,
    samples,
    spotchecks,
    staff,
    sticks,
    tree,
    violations,
    waiting,
)
from collector.web.access import anybody
from collector.web.desk import Clock, Desk
from collector.web.guard import guard, limit
from collector.web.language import speak
from collector.web.menu import menu
from collector.web.reporting import back, discipline, exports, recap, trends, year
from collector.web.words import LANGUAGES

log = logging.getLogger(__name__)

AREAS = (
    mine,
    board,
    kiosks,
    orders,
    violations,
    person,
    staff,
    tree,
    enrol,
    pins,
    imports,
    leave,
    accounts,
    audit,
    samples,
    pictures,
    rollouts,
    sticks,
    account,
    handout,
    registration,
    rota,
    person_hours,
    hours,
    holidays,
    appeals,
    phone_api,
    recap,
    discipline,
    back,
    year,
    trends,
    exports,
    spotchecks,
    waiting,
    lists,
    months,
    entered,
)
"""Each gives `pages(desk, settings)`, its blueprint, and `MENU`, its entries in the bar."""


def create_app(
    engine: Engine, writer: Writer, settings: CollectorSettings, now: Clock = lambda: datetime.now(UTC)
) -> Flask:
    """The centre's pages over a database, read from `engine`, written through `writer`. `now` gives the time, with a zone.

    Raises AccessError for a view that does not say who may open it, StoreDownError when the database is away.
    """
    app = Flask(__name__)
    desk = Desk(engine, writer, ZoneInfo(settings.web.timezone), now)
    app.extensions["desk"] = desk
    app.config.update(_cookies(settings.web), SECRET_KEY=cookie_key(writer), WTF_CSRF_CHECK_DEFAULT=False)
    app.config.update(WTF_CSRF_TIME_LIMIT=None)  # a token lives as long as its session
    guard(app, settings.web.origin)
    speak(app, settings.web)
    limit(app)
    access.watch(app, desk, settings.web)
    entries = [entry for area in AREAS for entry in area.MENU]
    app.jinja_env.globals.update(languages=LANGUAGES, with_query=with_query, now=now, zone=desk.zone)
    app.jinja_env.filters["qr"] = lambda text: Markup(svg(text))  # noqa: S704 - a drawing made here
    app.jinja_env.globals.update(somebody=access.somebody, visible=access.visible, home=access.home)
    app.jinja_env.globals.update(menu=lambda: menu(entries), local_only=not settings.web.origin)
    for area in AREAS:
        app.register_blueprint(area.pages(desk, settings))
    app.register_error_handler(HTTPException, _error)
    app.register_error_handler(DBAPIError, _no_database)
    app.register_error_handler(StoreDownError, _no_database)

    @app.get("/healthz")
    @anybody
    def healthz() -> Response:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return Response("ok\n", mimetype="text/plain")

    anybody(app.view_functions["static"])
    access.check(app)
    return app


def with_query(**changes: object) -> str:
    """The query of the page asked for, some of it changed; None takes a key away. Only a query: it stays on its page."""
    query = {**request.args.to_dict(), **changes}
    return "?" + urlencode({key: str(value) for key, value in query.items() if value not in {None, ""}})


def _cookies(web: Web) -> dict[str, object]:
    """A cookie that no script reads, no other site's form brings along and, behind TLS, no other host of the name sets."""
    return {
        "SESSION_COOKIE_NAME": "__Host-siperlu" if web.origin else "siperlu",
        "SESSION_COOKIE_SECURE": bool(web.origin),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
    }


def _error(error: HTTPException) -> AnyResponse | tuple[str, int]:
    return error.get_response() if error.code is None or error.code < 400 else _shown(error)


def _shown(error: HTTPException) -> tuple[str, int]:
    code = error.code or 500
    if "language" not in g:  # refused before a language was chosen
        return f"{error.description}\n", code
    return render_template("error.html", code=code), code


def _no_database(error: DBAPIError | StoreDownError) -> tuple[str, int]:
    """Only the kind of error is logged: its text holds what was asked for."""
    kind = type(error.orig if isinstance(error, DBAPIError) else error.__cause__ or error).__name__
    log.warning("the database does not answer: %s", kind)
    return _shown(ServiceUnavailable())

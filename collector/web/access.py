"""Who may open which page: every view says so, or the application is not made; nobody is let in by default.

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str: ...

`me()` is who asks; `reach(session)` the units they see. What is out of reach answers 404, as what is not there does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from collector.accounts import sessions
from collector.accounts.book import Account
from collector.accounts.reach import Reach, reach_of
from collector.accounts.roles import Role
from collector.accounts.sessions import Client, Limits, Open
from collector.errors import StoreDownError
from collector.settings import Web
from collector.web.desk import Desk

View = TypeVar("View", bound=Callable[..., Any])
Answer = Response | None

TOKEN = "token"  # noqa: S105 - the cookie's key, not a secret
MARK = "_siperlu_access"
ANYBODY: frozenset[Role] = frozenset()
CHANGING = ("account.change_password", "account.log_out", "static")
"""All that a one-time password opens."""


class AccessError(RuntimeError):
    """A view that does not say who may open it."""


def allow(*roles: Role) -> Callable[[View], View]:
    """Open a view to these roles alone."""

    def mark(view: View) -> View:
        setattr(view, MARK, (frozenset(roles), False))
        return view

    if not roles:
        raise AccessError("allow() names no role; @anybody opens a page to those who are not logged in")
    return mark


def anybody(view: View) -> View:
    """Open a view to those who are not logged in too."""
    setattr(view, MARK, (ANYBODY, False))
    return view


def machine(view: View) -> View:
    """Open a view to a program that proves itself by other means than a log-in; the view checks that itself."""
    setattr(view, MARK, (ANYBODY, True))
    return view


def roles_of(app: Flask, endpoint: str) -> frozenset[Role] | None:
    """Who may open an endpoint; empty for anybody, None where the view does not say."""
    mark = getattr(app.view_functions[endpoint], MARK, None)
    return None if mark is None else mark[0]


def check(app: Flask) -> None:
    """Raises AccessError that names every view which does not say who may open it."""
    silent = sorted({rule.endpoint for rule in app.url_map.iter_rules() if roles_of(app, rule.endpoint) is None})
    if silent:
        raise AccessError(f"{', '.join(silent)}: say who may open it, with @allow(Role.…) or @anybody")


def watch(app: Flask, desk: Desk, settings: Web) -> None:
    """Find out who asks before anything is answered, and turn away whom the view does not name."""
    limits = limits_of(settings)
    csrf = CSRFProtect(app)

    def identify() -> None:
        token = session.get(TOKEN)
        g.open = None
        if token and request.endpoint not in {"static", "healthz"}:
            with desk.session() as database:
                g.open = sessions.load(database, token, desk.now(), limits)
            if g.open is not None:
                _renew(desk, g.open)

    def decide() -> Answer:
        if request.endpoint is None:  # nothing there, or not by this method
            return None
        roles, by_machine = getattr(app.view_functions[request.endpoint], MARK)
        refused = _refused(roles)
        if refused is None and not by_machine:
            csrf.protect()
        return refused

    app.before_request(identify)
    app.before_request(decide)


def limits_of(settings: Web) -> Limits:
    """How long a browser stays logged in."""
    return Limits(timedelta(minutes=settings.idle_min), timedelta(hours=settings.session_h))


def somebody() -> Account | None:
    """Who asks, or None where nobody is logged in."""
    found: Open | None = g.get("open")
    return found.account if found else None


def me() -> Account:
    """Who asks. Answers 401 where nobody is logged in, which no view behind `allow` meets."""
    return somebody() or abort(401)


def this_browser() -> Open:
    """The session that asks."""
    found: Open | None = g.get("open")
    return found or abort(401)


def client() -> Client:
    """The browser that asks."""
    return Client(request.remote_addr or "", request.user_agent.string)


def my_reach(session: Session) -> Reach:
    """What the asker sees. One query at most, once a request."""
    if "reach" not in g:
        g.reach = reach_of(session, me())
    found: Reach = g.reach
    return found


def reach(session: Session) -> frozenset[str] | None:
    """Codes of the units whose people the asker sees; None for all."""
    return my_reach(session).units


def in_reach(session: Session, unit: str | None) -> bool:
    """Whether the asker sees this unit."""
    return my_reach(session).over(unit)


def unit_asked(session: Session) -> str:
    """Code of `?unit=`, else the asker's own unit (empty: all). Answers 404 for one out of reach."""
    code = request.args.get("unit", "") or me().unit or ""
    if code and not in_reach(session, code):
        abort(404, "no such unit")
    return code


def person_in_reach(session: Session, person: str, since: date, until: date) -> bool:
    """Whether the asker sees this person between two days, both included."""
    return my_reach(session).sees(session, person, since, until)


def home() -> str:
    """The page that a log-in leads to."""
    account = somebody()
    if account is not None and account.role is Role.EMPLOYEE:
        return url_for("mine.show") if account.person else url_for("account.show")
    return url_for("board.show")


def safe(path: str | None) -> str | None:
    """A path of these pages, or None for anything that a browser could take for another place."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable():
        return None
    parts = urlsplit(path)
    return path if not parts.scheme and not parts.netloc and "\\" not in path else None


def _refused(roles: frozenset[Role]) -> Answer:
    found: Open | None = g.get("open")
    if not roles and (found is None or not found.must_change):
        return None
    if found is None:
        return _to_log_in()
    if found.must_change and request.endpoint not in CHANGING:
        if roles and _by_script():  # a script, or the TLS front, cannot be led anywhere
            abort(403)
        return redirect(url_for("account.change_password"), 303) if roles else None
    if roles and found.account.role not in roles:
        abort(403)
    return None


def _to_log_in() -> Answer:
    """A page leads to the log-in and back; a form, or a page's own question, is told 401."""
    if request.method not in {"GET", "HEAD"} or _by_script():
        abort(401)
    back = request.full_path.rstrip("?")
    return redirect(url_for("account.log_in", next=None if back == "/" else back), 303)


def _by_script() -> bool:
    return request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"


def _renew(desk: Desk, found: Open) -> None:
    """A page that asks for itself does not count as use: a board left open logs itself out."""
    if desk.now() - found.seen_at < sessions.RENEW or _by_script():
        return
    with contextlib.suppress(StoreDownError), desk.write() as database:  # reading goes on while nobody can write
        sessions.touch(database, found.id, desk.now())


def visible(endpoint: str) -> bool:
    """Whether the asker may open this endpoint: for links that others would follow in vain."""
    roles = roles_of(current_app, endpoint)
    account = somebody()
    return roles is not None and (not roles or (account is not None and account.role in roles))

"""What every answer carries, and which requests get one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request

View = TypeVar("View", bound=Callable[..., Any])

LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?")

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


SMALL = 65_536
"""Bytes of a request's body, unless its view takes more."""

BUFFER = 8 * SMALL
"""Bytes of a form that are held in memory; its parser reads 65,536 at a time beside what it holds, so less refuses files."""

LARGEST = 16 * 2**20
"""Bytes of the largest body that a view may take."""

HUGE = 256 * 2**20
"""The same for the one view that takes a whole stick; the TLS front lets so much through there alone."""

PARTS = 1000
"""Fields and files of a form."""

MARK = "_siperlu_takes"
SAME = ("same-origin", "none")


def takes(most: int, parts: int = PARTS, end: int = LARGEST) -> Callable[[View], View]:
    """Let a view take bodies of so many bytes, e.g. a file, and forms of so many parts; `end` is the end of it."""

    def mark(view: View) -> View:
        setattr(view, MARK, (min(most, end), parts))
        return view

    return mark


def guard(app: Flask, origin: str) -> None:
    """Answer only requests that name this host, as loopback or as `origin`, and harden what is answered."""
    app.config["MAX_CONTENT_LENGTH"] = SMALL
    app.config["MAX_FORM_MEMORY_SIZE"] = BUFFER
    app.teardown_request(_close)
    app.before_request(_only_this_host(urlsplit(origin).netloc))
    app.before_request(_from_these_pages)
    if origin:
        app.after_request(_only_by_tls)
    app.after_request(_harden)


def limit(app: Flask) -> None:
    """Refuse what is too large before anything reads it. Once a language is chosen: whoever sends too much is told what to do."""
    app.before_request(_not_too_large)
    app.before_request(_no_nul)


def _only_this_host(known: str) -> Callable[[], None]:
    """A page of another site that had its name point here (DNS rebinding) still says its own name."""

    def check() -> None:
        if request.host != known and not LOOPBACK.fullmatch(request.host):
            abort(421, f"these pages are served as {known or 'http://127.0.0.1'} only")

    return check


def _from_these_pages() -> None:
    """A browser says where a form comes from; the token in it is the second lock."""
    if request.method not in {"GET", "HEAD", "OPTIONS"} and request.headers.get("Sec-Fetch-Site", "none") not in SAME:
        abort(403)


def _not_too_large() -> None:
    most, parts = getattr(current_app.view_functions.get(request.endpoint or ""), MARK, (SMALL, PARTS))
    request.max_content_length, request.max_form_parts = most, parts
    if (request.content_length or 0) > most:
        abort(413)


def _close(_error: BaseException | None) -> None:
    """What was uploaded is gone with its request, whether a view looked at it or not."""
    request.close()


def _no_nul() -> None:
    """PostgreSQL keeps no NUL in a text, so none is looked for."""
    if "\0" in request.path or any("\0" in value for value in request.args.values()):
        abort(400)


def _harden(response: Response) -> Response:
    """A view may tell more strictly what its answer may do: a file of somebody else's is sandboxed."""
    own = response.headers.get("Content-Security-Policy")
    response.headers.update(HEADERS)
    if own:
        response.headers["Content-Security-Policy"] = own
    return response


def _only_by_tls(response: Response) -> Response:
    response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response

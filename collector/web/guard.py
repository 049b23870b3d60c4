"""What every answer carries, and which requests get one."""

from __future__ import annotations

import re

from flask import Flask, Response, abort, request

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
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def guard(app: Flask) -> None:
    """Answer only requests that name this host as loopback, and harden what is answered."""
    app.before_request(_only_this_host)
    app.before_request(_no_nul)
    app.after_request(_harden)


def _only_this_host() -> None:
    """A page of another site that had its name point here (DNS rebinding) still says its own name."""
    if not LOOPBACK.fullmatch(request.host):
        abort(421, "these pages are served as http://127.0.0.1 only")


def _no_nul() -> None:
    """PostgreSQL keeps no NUL in a text, so none is looked for."""
    if "\0" in request.path or any("\0" in value for value in request.args.values()):
        abort(400)


def _harden(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response

"""What every answer carries, and which requests get one."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

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
    app.after_request(_harden)


def _only_this_host() -> None:
    """A page of another site that had its name point here (DNS rebinding) still says its own name."""
    if urlsplit(f"//{request.host}").hostname not in {"127.0.0.1", "localhost"}:
        abort(421, "these pages are served as http://127.0.0.1 only")


def _harden(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response

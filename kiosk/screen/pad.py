"""The keypad's one request: a number and a PIN come in, and what came of them goes out in words.

A PIN stands in the body of a POST alone, never in an address, a log or an answer. Only this kiosk's own page can ask: another
site's could neither set the header nor read the token, which comes over the page's own event stream.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from flask import Flask, Response, abort, jsonify, request

from kiosk.pin import Answer, Said
from kiosk.screen.view import Translate
from kiosk.screen.words import N_

AskPin = Callable[[str, str], Answer]
"""Looks at a number and a PIN: `kiosk.pin.PinDesk.ask`."""

LARGEST = 256
"""Bytes of a request's body."""

TOKEN = "X-Siperlu-Page"  # noqa: S105 - the header's name
NUMBER, PIN = re.compile(r"[0-9]{4,8}"), re.compile(r"[0-9]{4,12}")


@dataclass(frozen=True, slots=True)
class Words:
    """A title of two or three words, and what to do."""

    title: str
    text: str


WORDS = {
    Said.RECORDED: Words(N_("Recorded"), N_("Thank you. You can walk on.")),
    Said.ALREADY: Words(N_("Already recorded"), N_("No need to repeat. You can walk on.")),
    Said.WRONG: Words(N_("Number or PIN is wrong"), N_("Not recorded. Try once more.")),
    Said.LOCKED: Words(N_("Too many wrong PINs"), N_("Not recorded. See the officer.")),
    Said.BUSY: Words(N_("One moment"), N_("Not recorded yet. Press OK again.")),
    Said.CLOSED: Words(N_("PIN does not work now"), N_("Not recorded. See the officer.")),
}
WAIT = N_("Not recorded. Wait %d minutes or see the officer.")


def add_pad(app: Flask, ask: AskPin, translate: Translate) -> str:
    """Take PINs at `/pin`; the token that a page must show."""
    token = secrets.token_urlsafe(16)

    @app.post("/pin")
    def pin() -> Response:
        _only_this_page(token)
        number, typed = _typed()
        answer = ask(number, typed)
        return jsonify({"said": answer.said.value, **_in_words(answer, translate)})

    return token


def _only_this_page(token: str) -> None:
    """Answers 403 to any page but this kiosk's own, 415 to what a form of another site could send."""
    if request.headers.get("Origin") != f"http://{request.host}":
        abort(403, "only the wall's own page asks here")
    if not secrets.compare_digest(request.headers.get(TOKEN, "").encode(), token.encode()):
        abort(403, "only the wall's own page asks here")
    if request.mimetype != "application/json":
        abort(415)


def _typed() -> tuple[str, str]:
    """Number and PIN. Answers 413 or 400 without repeating what was sent."""
    request.max_content_length = LARGEST
    try:
        body = json.loads(request.get_data(cache=False))
        number, pin = body["number"], body["pin"]
        fits = NUMBER.fullmatch(number) is not None and PIN.fullmatch(pin) is not None
    except (ValueError, KeyError, TypeError, RecursionError):
        fits = False
    if not fits:
        abort(400, "a number and a PIN, both of digits")
    return number, pin


def _in_words(answer: Answer, translate: Translate) -> dict[str, str]:
    words = WORDS[answer.said]
    text = translate(WAIT) % ceil(answer.wait_s / 60) if answer.wait_s else translate(words.text)
    return {"title": translate(words.title), "text": text}

"""Presence by telephone, for programs: `POST /api/v1/phone/records` with a token, no cookie, no form."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from math import ceil

from flask import Blueprint, Response, jsonify, make_response, request

from collector.errors import PhoneError
from collector.phones import tokens
from collector.phones.rate import Rate
from collector.phones.reading import Bounds, read
from collector.phones.taking import Taken, take
from collector.settings import CollectorSettings
from collector.web.access import machine
from collector.web.desk import Desk
from collector.web.guard import takes
from collector.web.menu import Entry

MENU: tuple[Entry, ...] = ()
LARGEST = 262_144
"""Bytes of a request: 500 records fit."""

WRONG_TOKENS = 20
"""Requests a minute of one address without a token that holds."""


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The endpoint. It is open to programs alone: a log-in of the pages opens nothing here."""
    blueprint = Blueprint("phone_api", __name__, url_prefix="/api/v1/phone")
    phones = settings.phones
    bounds = Bounds(
        most=phones.batch, oldest=timedelta(days=phones.oldest_days), ahead=timedelta(seconds=phones.ahead_s)
    )
    known, strangers = Rate(phones.per_minute), Rate(WRONG_TOKENS)

    @blueprint.post("/records")
    @machine
    @takes(LARGEST)
    def records() -> Response:
        now, clock = desk.now(), time.monotonic()
        with desk.session() as session:
            sender = tokens.sender(session, _bearer(), now)
        if sender is None:
            wait = strangers.take(request.remote_addr or "", clock)
            return _slow(wait) if wait else _unknown()
        wait = known.take(sender.token, clock)
        if wait:
            return _slow(wait)
        try:
            told = read(request.get_data(cache=False), now, bounds)
        except PhoneError as error:
            return _said(400, error=str(error))
        with desk.write() as session:
            tokens.note_use(session, sender.token, now)
            answers = take(session, sender, told, now)
        return _said(_status(answers), **Counter(one.state for one in answers), records=[_told(one) for one in answers])

    return blueprint


def _bearer() -> str:
    scheme, _, told = request.headers.get("Authorization", "").partition(" ")
    return told.strip() if scheme.casefold() == "bearer" else ""


def _status(answers: list[Taken]) -> int:
    """What was stored is stored, whatever the status: 200 when all is, 409 when all refused were there with other content."""
    refused = [one for one in answers if one.state == "refused"]
    return 200 if not refused else 409 if all(one.conflict for one in refused) else 422


def _told(one: Taken) -> dict[str, str]:
    return {name: value for name, value in asdict(one).items() if isinstance(value, str) and value}


def _unknown() -> Response:
    answer = _said(401, error="no token that holds: send `Authorization: Bearer <token>`; BKD issues and renews them")
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _slow(wait: float) -> Response:
    answer = _said(429, error=f"too many requests: wait {ceil(wait)} s, and send several records in one request")
    answer.headers["Retry-After"] = str(ceil(wait))
    return answer


def _said(status: int, **told: object) -> Response:
    return make_response(jsonify(told), status)

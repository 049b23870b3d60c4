"""`POST /api/v1/register`: a kiosk that nobody knows yet brings its claim. For programs: JSON in, JSON out."""

from __future__ import annotations

import time
from datetime import timedelta

from flask import Blueprint, Response, request

from collector.accounts import throttle
from collector.accounts.throttle import Rule
from collector.authority import claims
from collector.errors import ClaimError, RequestError, StoreDownError
from collector.settings import CollectorSettings
from collector.web.access import machine
from collector.web.desk import Desk
from collector.web.guard import takes
from wire.errors import ContractError
from wire.registration import (
    MAX_REQUEST_BYTES,
    PATH,
    REGISTRATION_REFUSAL,
    REGISTRATION_REQUEST,
    RegistrationRefusal,
    RegistrationRequest,
)

MENU = ()
RULE = Rule(5, timedelta(minutes=10))
"""Times ADDRESS_TIMES: a technician sets up many boxes from one address; who tries codes has 2^100 of them before him."""
PATIENCE_S = 8.0
POLL_S = 0.1
BUSY = "asked too often from this address; try again in ten minutes"
LATER = "the centre cannot answer now; ask again: the claim stays good"


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The one view: the claim is the credential, there is no session and no cookie."""
    blueprint = Blueprint("registration", __name__)

    @blueprint.post(PATH)
    @machine
    @takes(MAX_REQUEST_BYTES)
    def register() -> Response:
        try:
            asked = REGISTRATION_REQUEST.decode(request.get_data(cache=False))
            if not _may_try(desk):
                return _refuse(429, "busy", BUSY)
            return _answer(desk, asked)
        except ContractError as error:
            return _refuse(400, "request", str(error))
        except RequestError as error:
            return _refuse(422, "csr", str(error))
        except ClaimError as error:
            return _refuse(403, "claim", str(error))
        except StoreDownError:
            return _refuse(503, "unavailable", LATER)

    return blueprint


def _answer(desk: Desk, asked: RegistrationRequest) -> Response:
    with desk.write() as session:
        taken = claims.take(session.connection(), asked, desk.now())
    with desk.write() as session:
        throttle.give_back(session, _limits())
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with desk.session() as reading:
            answer, refusal = claims.answered(reading.connection(), taken)
        if answer is not None:
            return Response(answer, 200, mimetype="application/json")
        if refusal is not None:
            return Response(refusal, 422, mimetype="application/json")
        time.sleep(POLL_S)
    return _refuse(503, "unavailable", LATER)


def _may_try(desk: Desk) -> bool:
    """Counted in a transaction of its own, so that a refused try counts too."""
    with desk.write() as session:
        return throttle.take(session, _limits(), desk.now(), RULE) is None


def _limits() -> tuple[throttle.Limit, ...]:
    return throttle.by_address("claim", request.remote_addr or "", RULE)


def _refuse(code: int, reason: str, text: str) -> Response:
    refusal = REGISTRATION_REFUSAL.encode(RegistrationRefusal(reason=reason, text=text[:500]))
    return Response(refusal, code, mimetype="application/json")

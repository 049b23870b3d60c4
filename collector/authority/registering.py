"""Answering a taken claim: the kiosk is registered and gets its certificate in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from collector.authority import book, claims
from collector.authority.authority import Authority
from collector.authority.certificates import Role, Subject
from collector.authority.requests import fingerprint, read_request
from collector.errors import AuthorityError, PeopleError, RequestError
from collector.people.kiosks import Wish, register
from wire.errors import WireError
from wire.jwks import KeySet
from wire.registration import (
    REGISTRATION_ANSWER,
    REGISTRATION_REFUSAL,
    BrokerAddress,
    RegisteredKiosk,
    RegistrationAnswer,
    RegistrationRefusal,
    RegistrationRequest,
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What is needed to answer: the sub-CA, the centre's public keys, where the broker is, how long a certificate holds."""

    authority: Authority
    centre_keys: KeySet
    broker: BrokerAddress
    life: timedelta


def answer_waiting(session: Session, open_desk: Callable[[], Desk], now: datetime) -> list[str]:
    """Answer every taken claim; names of the kiosks that were registered. One that is refused does not stop the others.

    The keys are read only when there is something to answer. Raises KeysError.
    """
    waiting = claims.waiting(session.connection())
    if not waiting:
        return []
    desk, done = open_desk(), []
    for number, berth, request in waiting:
        try:
            with session.begin_nested():
                given = REGISTRATION_ANSWER.encode(_register(session, desk, berth, request, now)).decode()
        except (AuthorityError, PeopleError, WireError) as error:
            claims.settle(session.connection(), number, now, answer=None, refusal=_refusal(error))
        else:
            claims.settle(session.connection(), number, now, answer=given, refusal=None)
            done.append(berth.kiosk)
    return done


def _register(
    session: Session, desk: Desk, berth: claims.Berth, request: RegistrationRequest, now: datetime
) -> RegistrationAnswer:
    key = read_request(request.csr)
    done = register(session, Wish(berth.kiosk, berth.unit, berth.scope, request.keys), now)
    issued = desk.authority.issue(key, Subject(berth.kiosk, Role.KIOSK), now, desk.life)
    connection = session.connection()
    # Whoever registers a name again has another card: what the older one holds ends here.
    book.revoke(connection, berth.kiosk, book.SUPERSEDED, now, but=fingerprint(key))
    book.enter(connection, issued, now, installed=True)
    return RegistrationAnswer(
        kiosk=RegisteredKiosk(id=done.id, unit=done.unit, scope=done.scope.value),
        certificate=issued.chain,
        ca=desk.authority.root_pem,
        centre_keys=desk.centre_keys,
        broker=desk.broker,
    )


def _refusal(error: Exception) -> str:
    reason = "csr" if isinstance(error, RequestError) else "keys"
    return REGISTRATION_REFUSAL.encode(RegistrationRefusal(reason=reason, text=str(error)[:500])).decode()

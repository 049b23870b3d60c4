"""Certificates are renewed before they end: kiosks' by two orders and no visit, the centre's own in their files."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy import Connection, or_, select

from collector import commands
from collector.authority import book
from collector.authority.authority import Authority
from collector.authority.certificates import Role, Subject, hosts_of
from collector.authority.files import write_whole
from collector.authority.requests import read_request
from collector.commands import Answer, OrderState
from collector.errors import OrderError, RequestError
from collector.store.commands import Order
from collector.store.people import Kiosk
from wire.messages import CommandName

log = logging.getLogger(__name__)

COMMAND: CommandName = "renew-certificate"
STEP, REQUEST, INSTALL = "step", "request", "install"
BY = "siperlu-jobs"
HOLDS = timedelta(days=30)
"""An order waits so long for its kiosk: a school without a network gets it by stick."""
AGAIN = timedelta(days=1)
"""A kiosk that refused or failed is asked again after so long."""


def order_renewals(connection: Connection, before: datetime, now: datetime) -> list[str]:
    """Ask every serving kiosk whose certificate ends before then for a certificate request; which ones."""
    ending = book.ending(connection, Role.KIOSK, before)
    serving = set(connection.scalars(select(Kiosk.id).where(Kiosk.retired_at.is_(None))))
    recent = or_(Order.state == OrderState.OPEN, Order.at > now - AGAIN)
    asked = set(connection.scalars(select(Order.kiosk).where(Order.command == COMMAND, recent)))
    due = [kiosk for kiosk in ending if kiosk in serving and kiosk not in asked]
    for kiosk in due:
        commands.order(connection, kiosk, COMMAND, {STEP: REQUEST}, by=BY, now=now, ttl=HOLDS)
    return due


def act_on_answers(connection: Connection, authority: Authority, life: timedelta, now: datetime) -> None:
    """A request that came back is answered with a certificate; one that was installed is noted."""
    for answer in commands.answers(connection, COMMAND):
        if answer.state == OrderState.DONE and answer.arguments.get(STEP) == REQUEST:
            _issue(connection, authority, answer, life, now)
        elif answer.state == OrderState.DONE:
            book.installed(connection, answer.arguments.get("serial", ""), now)
            log.info("%s uses its new certificate", answer.kiosk)
        else:
            log.warning("%s: renewal of its certificate %s (%s)", answer.kiosk, answer.state, _why(answer))
        commands.handled(connection, answer.id, now)


def renew_own(
    paths: Iterable[Path], authority: Authority, before: datetime, now: datetime, life: timedelta
) -> list[str]:
    """Renew, for the same key, the certificates in these files that end before then; their names. Raises OSError."""
    done = []
    for path in paths:
        held = x509.load_pem_x509_certificate(path.read_bytes())
        if held.not_valid_after_utc < before:
            write_whole(path, authority.issue(_key(held), _subject(held), now, life).chain.encode())
            done.append(path.name)
    return done


def _issue(connection: Connection, authority: Authority, answer: Answer, life: timedelta, now: datetime) -> None:
    """The name is the order's, whatever the request says. A kiosk that was retired meanwhile gets none."""
    try:
        key = read_request(str(answer.detail.get("csr", "")))
        issued = authority.issue(key, Subject(answer.kiosk, Role.KIOSK), now, life)
        arguments = {STEP: INSTALL, "certificate": issued.chain, "serial": issued.serial}
        commands.order(connection, answer.kiosk, COMMAND, arguments, by=BY, now=now, ttl=HOLDS)
    except (RequestError, OrderError) as error:
        log.warning("%s gets no new certificate: %s", answer.kiosk, error)
        return
    book.enter(connection, issued, now, installed=False)


def _why(answer: Answer) -> str:
    return str(answer.detail.get("reason", "no reason given"))[:100]


def _key(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)  # the sub-CA issues no other
    return key


def _subject(certificate: x509.Certificate) -> Subject:
    name = str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    role = Role.SERVER if ExtendedKeyUsageOID.SERVER_AUTH in usage else Role.CENTRE
    return Subject(name, role, tuple(hosts_of(certificate)))

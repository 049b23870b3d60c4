"""What the authority does by the clock: claims are answered at once, revocations take hold, certificates are renewed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

from collector.authority.authority import Authority, issuers_in
from collector.authority.contact import greeter
from collector.authority.enforcing import Enforcement
from collector.authority.equipping import own_files
from collector.authority.registering import Desk, answer_waiting
from collector.authority.renewing import act_on_answers, order_renewals, renew_own
from collector.errors import CollectorError
from collector.keys import CentreKeys
from collector.settings import CollectorSettings
from collector.store.writer import Writer
from wire.registration import BrokerAddress

log = logging.getLogger(__name__)

TICK_S = 0.3
"""A kiosk that registers waits for its answer meanwhile."""
RENEW_S = 600.0
LIST = "revoked.crl"


class AuthorityJob:
    """Runs in jobs, which alone may read the sub-CA's key: the pages, which strangers talk to, hold no key."""

    def __init__(self, settings: CollectorSettings, writer: Writer, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._writer = writer
        self._clock = clock
        self._broken: dict[int, str] = {}

    def run(self, stop: Event) -> None:
        """Work until `stop` is set. Raises KeysError for an authority that is damaged."""
        if not issuers_in(self._settings.authority.folder):
            log.info("no certificate authority in %s: none is issued here", self._settings.authority.folder)
            stop.wait()
            return
        turns = ((0.0, self._register), (self._settings.authority.enforce_s, self._enforce), (RENEW_S, self._renew))
        due = [0.0] * len(turns)
        while not stop.wait(TICK_S):
            for number, (every_s, turn) in enumerate(turns):
                if not stop.is_set() and time.monotonic() >= due[number]:
                    self._try(number, turn, stop)
                    due[number] = time.monotonic() + every_s

    def _try(self, number: int, turn: Callable[[Event], object], stop: Event) -> None:
        """What fails is tried again at its next turn, and said once."""
        try:
            turn(stop)
        except (CollectorError, OSError) as error:
            if str(error) != self._broken.get(number):
                log.error("authority: %s", error)  # noqa: TRY400 - known, once
            self._broken[number] = str(error)
        else:
            self._broken.pop(number, None)

    def _register(self, _stop: Event) -> None:
        with self._writer.session() as session:
            done = answer_waiting(session, lambda: desk_of(self._settings), self._clock())
        if done:
            log.info("registered %s", ", ".join(sorted(done)))

    def _enforce(self, stop: Event) -> None:
        enforcement(self._settings, self._writer, stop.wait).turn(self._clock())

    def _renew(self, _stop: Event) -> None:
        now, settings = self._clock(), self._settings.authority
        authority = Authority.open(settings.folder)
        life, before = timedelta(days=settings.life_days), now + timedelta(days=settings.renew_days)
        with self._writer.transaction() as connection:
            act_on_answers(connection, authority, life, now)
            asked = order_renewals(connection, before, now)
        if asked:
            log.info("certificates end: %s asked to renew", ", ".join(asked))
        for name in renew_own(own_files(settings.served), authority, before, now, life):
            log.warning("%s was renewed", name)


def desk_of(settings: CollectorSettings) -> Desk:
    """What registration needs, read from the files. Raises KeysError."""
    own = settings.authority
    return Desk(
        authority=Authority.open(own.folder),
        centre_keys=CentreKeys.open(settings.store.keys).public,
        broker=BrokerAddress(host=own.host or settings.broker.host, port=own.port),
        life=timedelta(days=own.life_days),
    )


def enforcement(settings: CollectorSettings, writer: Writer, pause: Callable[[float], bool]) -> Enforcement:
    """Revocation at the broker of these settings. Raises KeysError."""
    return Enforcement(
        writer=writer,
        authority=Authority.open(settings.authority.folder),
        path=settings.authority.served / LIST,
        greet=greeter(settings.broker),
        pause=pause,
    )

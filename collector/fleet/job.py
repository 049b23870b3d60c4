"""The kiosks by the clock: a look every minute, the scores every hour, rollouts as answers come."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from threading import Event

from sqlalchemy.orm import Session

from collector.errors import StoreDownError
from collector.fleet.rollouts import carry_on
from collector.fleet.watch import sum_up, watch
from collector.fleet.waves import Step
from collector.rules.errors import RulesError
from collector.store.writer import Writer

log = logging.getLogger(__name__)

WATCH_S = 60.0
SUM_UP_S = 3600.0
ROLL_OUT_S = 10.0
TICK_S = 0.2

Work = Callable[[Session, datetime], object]


class FleetJob:
    """Looks after all kiosks until told to stop."""

    def __init__(self, writer: Writer, clock: Callable[[], datetime]) -> None:
        self._writer = writer
        self._clock = clock
        self._waits = ""

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        plan: list[tuple[Work, float]] = [(sum_up, SUM_UP_S), (watch, WATCH_S), (_roll_out, ROLL_OUT_S)]
        due = dict.fromkeys((work for work, _ in plan), 0.0)
        while not stop.wait(TICK_S):
            for work, every_s in plan:
                if time.monotonic() >= due[work]:
                    self._turn(work)
                    due[work] = time.monotonic() + every_s

    def _turn(self, work: Work) -> None:
        try:
            with self._writer.session() as session:
                work(session, self._clock())
        except (StoreDownError, RulesError) as error:
            if str(error) != self._waits:
                log.error("the kiosks are not looked after: %s", error)  # noqa: TRY400 - known, once
            self._waits = str(error)
        else:
            self._waits = ""


def _roll_out(session: Session, now: datetime) -> None:
    for number, step in carry_on(session.connection(), now):
        if step is not Step.WAIT:
            log.warning("rollout %s: %s", number, step)

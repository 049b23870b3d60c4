"""The agent's process: looks for commands, does each once, and says what became of it."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from datetime import datetime

from pydantic import JsonValue

from kiosk.agent.acts import Acts, Refused, UpdateFailed
from kiosk.agent.answers import Answers
from kiosk.agent.orders import Orders, now, over
from kiosk.agent.stick.devices import LinuxSticks, Sticks
from kiosk.agent.stick.visits import Visits
from kiosk.agent.system import System, SystemFailed
from kiosk.agent.update.arrivals import Arrivals
from kiosk.agent.update.course import Stage
from kiosk.agent.update.releases import Releases
from kiosk.agent.update.updater import Surroundings, Updater
from kiosk.agent.vital import target, vital
from kiosk.agent.wiping import Wiping
from kiosk.certificate import CertificateError, Places, mend
from kiosk.database import DatabaseError
from kiosk.keys import KeyFileError
from kiosk.settings import KioskSettings
from wire.messages import Command, Reply

log = logging.getLogger(__name__)

LOOK_S = 1.0
WIPE_S = 30.0
"""The answer to a wipe gets so long to leave the box that it wipes."""

FAILURES = (CertificateError, KeyFileError, SystemFailed, OSError, ValueError)


class Agent:
    """Does what genuine commands ask, one at a time."""

    def __init__(self, settings: KioskSettings, system: System, sticks: Sticks | None = None) -> None:
        """Raises OSError when its folder cannot be made."""
        folders, relay = settings.folders, settings.relay
        self._kiosk = settings.kiosk.id
        self._answers = Answers(folders.agent)
        self._orders = Orders(folders.relay, folders.centre_keys, self._kiosk)
        around = Surroundings(
            folder=folders.agent,
            releases=Releases(folders.releases),
            release_keys=folders.release_keys,
            target=target(),
            system=system,
            vital=lambda: vital(settings),
        )
        self._updater = Updater(around)
        self._acts = Acts(settings, system, self._updater)
        self._wiping = Wiping(settings, system)
        self._arrivals = Arrivals(settings)
        self._places = Places(relay.certificate_key, relay.certificate, relay.ca)
        self._visits = Visits(settings, sticks) if sticks else None
        self._unread = ""
        self._renewed = False

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        self.take_up()
        while not self._renewed and not stop.wait(LOOK_S):
            self.turn()
            if self._visits:
                self._visits.turn()

    def take_up(self) -> None:
        """Finish what a stop or a power cut interrupted, before anything new. Raises OSError, SystemFailed."""
        order = self._wiping.ordered()
        if order is not None:
            self._wipe(Reply(kiosk=self._kiosk, id=order, at=now(), outcome="done"))
        if mend(self._places):
            log.warning("a renewed certificate has taken its place, which a stop had interrupted")
        course = self._updater.under_way()
        for reply in self._answers.interrupted():
            if course is not None and reply.id == course.order:
                ended = self._updater.run(course)
                told = self._acts.told_of(ended)
                done = ended.stage is Stage.DONE
                self._answers.end(replace(reply, at=now(), outcome="done" if done else "failed", detail=told))
                self._renewed |= done
                course = None
            else:
                self._answers.end(replace(reply, at=now(), outcome="failed", detail={"reason": "interrupted"}))
        if course is not None:
            self._renewed |= self._updater.run(course).stage is Stage.DONE

    def turn(self) -> None:
        """Look once, and do what is new."""
        try:
            waiting = self._orders.waiting()
        except DatabaseError as error:
            if str(error) != self._unread:
                log.warning("commands cannot be read: %s", error)
            self._unread = str(error)
            return
        self._unread = ""
        newest = max((command.at for command in waiting), default=now())
        for command in waiting:
            if not self._answers.known(command.id):
                self._obey(command, newest)

    def _obey(self, command: Command, newest: datetime) -> None:
        reply = Reply(kiosk=self._kiosk, id=command.id, at=now(), outcome="expired")
        lacking = self._lacks_bundle(command)
        if over(command, newest):
            self._answers.end(replace(reply, detail={"reason": "no-bundle"}) if lacking else reply)
            return
        if lacking:
            return
        self._answers.begin(reply)
        if command.command == "wipe":
            self._wipe(reply)
            return
        done = self._do(command, reply)
        log.info("%s: %s", command.command, done.outcome)
        self._answers.end(done)
        # The new release has its own agent: this process makes room for it.
        self._renewed |= command.command == "update" and done.outcome == "done"

    def _lacks_bundle(self, command: Command) -> bool:
        """Whether an update waits for its bundle: the relay is fetching it, a stick brings it, or it is pushed over SSH."""
        version = command.arguments.get("version", "")
        return (
            command.command == "update" and self._updater.waits_for_bundle(version) and not self._arrivals.take(version)
        )

    def _do(self, command: Command, reply: Reply) -> Reply:
        try:
            detail = self._acts.do(command)
        except Refused as error:
            return replace(reply, at=now(), outcome="refused", detail={"reason": str(error)})
        except UpdateFailed as error:
            return replace(reply, at=now(), outcome="failed", detail=error.detail)
        except FAILURES as error:
            reason: JsonValue = f"{type(error).__name__}: {error}"[:300]
            return replace(reply, at=now(), outcome="failed", detail={"reason": reason})
        return replace(reply, at=now(), outcome="done", detail=detail)

    def _wipe(self, reply: Reply) -> None:
        """The answer goes before the key that seals it, and the note before the answer: what is told as done is done."""
        self._wiping.note(reply.id)
        self._answers.end(replace(reply, at=now(), outcome="done", detail={}))
        end = time.monotonic() + WIPE_S
        while time.monotonic() < end and not self._orders.told(reply.id):
            time.sleep(0.2)
        log.warning("this kiosk is wiped")
        self._wiping.do()


def run(settings: KioskSettings, system: System, stop: threading.Event) -> None:
    """Be the agent until `stop` is set. Raises OSError."""
    Agent(settings, system, LinuxSticks(settings.folders.notice / "stick")).run(stop)

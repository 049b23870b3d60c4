"""The closed list: what each command does. What is not here is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from firmware.signals import Signal
from kiosk.agent import diagnostics, notice
from kiosk.agent.orders import now
from kiosk.agent.system import PARTS, System
from kiosk.agent.update.course import Course, Stage
from kiosk.agent.update.updater import Updater
from kiosk.certificate import Places, install, request
from kiosk.settings import KioskSettings
from wire.messages import Command

IDENTIFY_S = 60.0


class Refused(ValueError):
    """A command that asks for what is not on the list; its text is a word for the reply."""


@dataclass(frozen=True, slots=True)
class Acts:
    """Carries commands out. Raises Refused, and whatever the machine raises."""

    settings: KioskSettings
    system: System
    updater: Updater

    def do(self, command: Command) -> dict[str, JsonValue]:
        """Do it; gives what the centre is told."""
        known: Mapping[str, Callable[[Mapping[str, str], str], dict[str, JsonValue]]] = {
            "identify": self._identify,
            "test-lights": self._test_lights,
            "restart-part": self._restart_part,
            "send-diagnostics": self._send_diagnostics,
            "renew-certificate": self._renew_certificate,
            "update": self._update,
        }
        act = known.get(command.command)
        if act is None:
            raise Refused("not-supported")
        return act(command.arguments, command.id)

    def told_of(self, course: Course) -> dict[str, JsonValue]:
        """What the centre is told of an update."""
        return {
            "version": course.version,
            "stage": course.stage.value,
            **({"reason": course.reason} if course.reason else {}),
        }

    def _identify(self, arguments: Mapping[str, str], _order: str) -> dict[str, JsonValue]:
        wanted = arguments.get("seconds", "")
        seconds = float(wanted) if wanted.isascii() and wanted.isdigit() else IDENTIFY_S
        notice.show(self.settings.folders.notice, Signal.IDENTIFY, seconds)
        return {"seconds": min(seconds, notice.LONGEST_S)}

    def _test_lights(self, _arguments: Mapping[str, str], _order: str) -> dict[str, JsonValue]:
        notice.show(self.settings.folders.notice, Signal.TEST, 10.0)
        return {}

    def _restart_part(self, arguments: Mapping[str, str], _order: str) -> dict[str, JsonValue]:
        part = arguments.get("part", "")
        if part not in PARTS:
            raise Refused("unknown-part")
        self.system.restart([part])
        return {"part": part}

    def _send_diagnostics(self, _arguments: Mapping[str, str], _order: str) -> dict[str, JsonValue]:
        return diagnostics.gather(self.settings, self.system)

    def _renew_certificate(self, arguments: Mapping[str, str], _order: str) -> dict[str, JsonValue]:
        relay, kiosk = self.settings.relay, self.settings.kiosk.id
        places = Places(Path(relay.certificate_key), relay.certificate, relay.ca)
        step = arguments.get("step")
        if step == "request":
            places.next_key.unlink(missing_ok=True)  # an older request that was never answered is void
            return {"csr": request(places.next_key, kiosk)}
        if step == "install":
            install(arguments.get("certificate", ""), places, kiosk, now())
            self.system.restart(["relay"])
            return {}
        raise Refused("unknown-step")

    def _update(self, arguments: Mapping[str, str], order: str) -> dict[str, JsonValue]:
        course = self.updater.run(self.updater.begin(order, arguments.get("version", "")))
        if course.stage is not Stage.DONE:
            raise UpdateFailed(self.told_of(course))
        return self.told_of(course)


class UpdateFailed(RuntimeError):
    """An update that ended with the old release running; `detail` is what the centre is told."""

    def __init__(self, detail: dict[str, JsonValue]) -> None:
        super().__init__(str(detail.get("reason", "failed")))
        self.detail = detail

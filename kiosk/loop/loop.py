"""The frame loop: look, decide, write, and only then say so."""

from __future__ import annotations

import importlib.metadata
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol
from zoneinfo import ZoneInfo

from firmware.camera import Camera, Frame
from firmware.clock import ClockWatch, Reading
from firmware.errors import CameraError
from firmware.lights import Lights
from firmware.signals import Signal
from firmware.watchdog import notify
from kiosk.checkin import Decision, Glance, Outcome, Rules, State, by_pin, step
from kiosk.errors import PartEnded
from kiosk.evidence.look import Pictures
from kiosk.gallery import Gallery, Roster
from kiosk.ledger import Entry
from kiosk.loop.book import Book
from kiosk.loop.eye import Eye
from kiosk.loop.heartbeat import Heartbeats, Tally
from kiosk.loop.journal import Journal
from kiosk.loop.live import LivePicture
from kiosk.loop.presenter import Presenter
from kiosk.pin import Answer, Ask, PinDesk, Said
from kiosk.pulse import Pulse
from kiosk.screen import ScreenServer, Surroundings, short_name
from kiosk.service import Part, Reason, Service
from kiosk.vision import Look, Vision
from models.face import Box
from wire import messages as m
from wire.records import Event, Heartbeat, Place

log = logging.getLogger(__name__)

WAIT_S = 0.1
CHORES_NS = 500_000_000
FAILURES_OUT = 30
"""Frames in a row that recognition may fail on before the kiosk says that it is out of service."""
MOST_LATENCIES = 1000
PIN_OUTCOMES = {Said.RECORDED: Outcome.RECORDED, Said.WRONG: Outcome.PIN_WRONG, Said.LOCKED: Outcome.PIN_LOCKED}
MOST_ALIKE = 20
"""Look-alikes that are noted between two heartbeats; all are counted."""


class FromCentre(Protocol):
    """What the centre sent, as far as it came: `kiosk.loop.centre.Centre`, which knows the loop as little as it is known."""

    roster: Roster | None
    gallery: Gallery | None
    rules: m.Rules | None
    trouble: Reason | None
    online: bool
    backlog: int

    @property
    def alive(self) -> bool:
        """Whether it still looks."""
        ...

    def expect(self, entry: Entry) -> None:
        """Tell the screen when the receipt for this record comes."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loop works with."""

    camera: Camera
    eye: Eye
    centre: FromCentre
    journal: Journal
    pins: PinDesk
    lights: Lights
    screen: ScreenServer
    live: LivePicture
    pulse: Pulse
    notice: Callable[[], Signal | None]
    now: Callable[[], Reading]
    pictures: Pictures | None = None
    """Of doubtful looks; None where none are kept."""


class Loop:
    """One turn takes the newest frame from the camera to light and screen. `tally` counts what happened;
    `latencies_ms`: from a track's first readable frame to the green, commit included."""

    def __init__(
        self,
        parts: Parts,
        rules: Rules,
        place: Place,
        zone: ZoneInfo,
        recorded: Callable[[], Mapping[str, int]] | None = None,
    ) -> None:
        """`recorded`: when people were recorded before this start, ns on the monotonic clock of this boot; asked once, when the
        ledger is open: one that was cut in the middle of a commit can be read by nobody before it was opened for writing."""
        self._parts = parts
        self._rules = rules
        self._book = Book(parts.journal, place, parts.pictures)
        self._version = importlib.metadata.version("siperlu-kiosk")
        self._presenter = Presenter(parts.lights, parts.screen.show)
        first = parts.now()
        self._clock = ClockWatch(first)
        self._heartbeats = Heartbeats(zone)
        self._service = Service(first.monotonic_ns)
        self._state = State()
        self._recorded = recorded
        self._chores_ns = 0
        self._camera_lost = False
        self._failures = 0
        self._first: tuple[int, int] = (0, 0)
        self.tally = Tally()
        self.latencies_ms: list[float] = []

    def run(self, stop: threading.Event) -> None:
        """Turn until told to stop. Raises PartEnded when a part that must not end has ended."""
        while not stop.is_set():
            self.turn()
        self._parts.journal.note(Event(event="out-of-service", detail={"reason": Reason.STOPPED.value}))

    def turn(self) -> None:
        """One frame, or a tenth of a second without one."""
        frame = self._frame()
        reading = self._parts.now()
        if frame is not None:
            self._parts.pulse.beat(reading)
        self._parts.journal.mend()
        self._remember()
        self._service.set(Part.LEDGER, self._parts.journal.trouble)
        self._service.set(Part.ROSTER, self._parts.centre.trouble)
        self._service.set(Part.VISION, self._parts.eye.trouble or self._failing())
        if reading.monotonic_ns - self._chores_ns >= CHORES_NS:
            self._chores_ns = reading.monotonic_ns
            self._chores(reading)
        self._serve_pin(reading)
        vision, gallery = self._parts.eye.vision, self._parts.centre.gallery
        if frame is not None and vision is not None and gallery is not None:
            self._serve(frame, reading, vision, gallery)
        elif frame is not None:
            self._parts.live.offer(frame, None)
        self._tell_service(reading)

    def _remember(self) -> None:
        """Who was recorded before this start, as soon as the ledger writes: nobody is recorded before."""
        if self._recorded is not None and self._parts.journal.trouble is None:
            self._state = replace(self._state, recorded=self._recorded())
            self._recorded = None

    # -- looking

    def _frame(self) -> Frame | None:
        try:
            frame = self._parts.camera.read(WAIT_S)
        except CameraError as error:
            if not self._camera_lost:
                self._note("camera-lost", cause=type(error).__name__)
            self._camera_lost = True
            self._service.set(Part.CAMERA, Reason.CAMERA_LOST)
            return None
        if frame is not None:
            if self._camera_lost:
                self._note("camera-back")
            self._camera_lost = False
            self._service.set(Part.CAMERA, None)
        return frame

    def _serve(self, frame: Frame, reading: Reading, vision: Vision, gallery: Gallery) -> None:
        glance = self._glance(frame, reading, vision, gallery)
        if glance is None or self._service.reason is not None:
            return
        before = self._state
        self._state, decision = step(self._rules, before, glance)
        if decision.new and decision.outcome is Outcome.RECORDED:
            if not self._record(decision, frame, gallery):
                self._state = before
                return
        elif decision.new:
            count = self.tally.count(decision.outcome.value)
            log.info("frame %d: %s", frame.number, decision.outcome.value)
            if decision.outcome is Outcome.SEE_OFFICER and count <= MOST_ALIKE:
                self._book.alike()
        self._tell(decision, gallery)

    def _glance(self, frame: Frame, reading: Reading, vision: Vision, gallery: Gallery) -> Glance | None:
        """What this frame says; None when looking at it failed."""
        try:
            look = vision.look(frame)
            glance = _glance(look, frame, reading, gallery)
        except Exception as error:  # noqa: BLE001 - no frame, however hostile, may end the process
            self._fail(error)
            self._parts.live.offer(frame, None)
            return None
        self._failures = 0
        self._service.set(Part.VISION, None)
        if glance.match is not None and glance.track != self._first[0]:
            self._first = look.track, frame.taken_ns
        if look.served is not None and self._parts.pictures is not None:
            self._picture(self._parts.pictures, frame, look.served.detection.box, glance, gallery.roster)
        self._parts.live.offer(frame, look.served.detection.box if look.served else None)
        return glance

    @staticmethod
    def _picture(pictures: Pictures, frame: Frame, box: Box, glance: Glance, roster: Roster) -> None:
        if glance.match is not None:
            pictures.see(frame, box, glance.track, glance.match, roster)
        if roster.pins and glance.track is not None:
            pictures.stand(frame, box, glance.track)

    def _fail(self, error: Exception) -> None:
        """An event for the first one since the last heartbeat; all of them are counted in the next."""
        if not self._failures:
            log.warning("a frame could not be looked at: %s: %s", type(error).__name__, error)
        self._failures += 1
        if self.tally.count("frame-failed") == 1:
            self._note("frame-failed", error=type(error).__name__)

    def _failing(self) -> Reason | None:
        return Reason.VISION if self._failures >= FAILURES_OUT else None

    # -- writing and telling

    def _record(self, decision: Decision, frame: Frame, gallery: Gallery) -> bool:
        assert decision.person is not None
        assert decision.evidence is not None
        entry = self._book.by_face(decision.person, decision.evidence, gallery.roster)
        if entry is None:
            return False
        self._booked(entry)
        self._measure(entry, frame)
        return True

    def _booked(self, entry: Entry) -> None:
        self._book.keep(frozenset(self._state.recorded))
        self._parts.centre.expect(entry)
        self.tally.count(Outcome.RECORDED.value)

    def _measure(self, entry: Entry, frame: Frame) -> None:
        took_ms = (self._parts.now().monotonic_ns - self._first[1]) / 1e6
        if len(self.latencies_ms) < MOST_LATENCIES:
            self.latencies_ms.append(took_ms)
        log.info(
            "frame %d: recorded, record %d, %.0f ms after the first readable frame", frame.number, entry.seq, took_ms
        )

    def _tell(self, decision: Decision, gallery: Gallery) -> None:
        if decision.new and decision.person is not None:
            enrolled = gallery.find(decision.person)
            self._name(decision.outcome, decision.person, enrolled.name if enrolled is not None else "")
        else:
            self._presenter.tell(decision)

    def _name(self, outcome: Outcome, person: str, name: str) -> None:
        self._presenter.named(outcome, short_name(name), self._book.entry(person), self._parts.centre.online)

    # -- by PIN

    def _serve_pin(self, reading: Reading) -> None:
        """Works without camera and recogniser: all it needs is the roster and the ledger."""
        desk = self._parts.pins
        desk.offer(self._parts.centre.roster if self._parts.journal.trouble is None else None)
        ask = desk.next()
        if ask is not None:
            ask.told.set_result(self._answered(ask, reading))

    def _answered(self, ask: Ask, reading: Reading) -> Answer:
        holder, before = ask.holder, self._state
        person = holder.person if holder is not None else None
        self._state, decision = by_pin(self._rules, before, reading.monotonic_ns, PIN_OUTCOMES[ask.answer.said], person)
        if ask.failure is not None:
            self._book.failed_pin(ask.failure, reading.monotonic_ns)
        if holder is None:
            self.tally.count(decision.outcome.value)
            self._presenter.tell(decision)
            return ask.answer
        if decision.outcome is Outcome.RECORDED:
            entry = self._book.by_pin(holder.person, ask.version, reading.monotonic_ns)
            if entry is None:
                self._state = before
                return Answer(Said.CLOSED)
            self._booked(entry)
            self.tally.count("by-pin")
            log.info("recorded by PIN, record %d", entry.seq)
        self._name(decision.outcome, holder.person, holder.name)
        return Answer(Said.RECORDED if decision.outcome is Outcome.RECORDED else Said.ALREADY)

    def _pin_stands(self, reading: Reading) -> bool:
        """Whether somebody is still reading what came of their PIN: they are told even where the camera is out of service."""
        shown = self._state.shown
        return shown is not None and shown.by_pin and reading.monotonic_ns - shown.at_ns < self._rules.show_ns

    def _tell_service(self, reading: Reading) -> None:
        self._service.set(Part.LEDGER, self._parts.journal.trouble)
        reason = self._service.reason
        if reason is not None and not self._pin_stands(reading):
            self._state = State(recorded=self._state.recorded)
            self._presenter.out_of_service(reason)
        change = self._service.change(reading.monotonic_ns)
        if change is None:
            return
        if change.reason is None:
            log.warning("in service after %.1f s", change.seconds)
            self._note("in-service", seconds=round(change.seconds))
        else:
            log.warning("out of service: %s", change.reason)
            self._note("out-of-service", reason=change.reason.value)

    # -- keeping house

    def _chores(self, reading: Reading) -> None:
        notify("WATCHDOG=1")
        self._check_parts()
        self._presenter.notice(self._parts.notice())
        turn = self._clock.see(reading)
        if turn is not None:
            self._note("clock-learnt" if turn.learnt else "clock-stepped", offset_ms=turn.offset_ms)
        cause = self._heartbeats.due(reading)
        if cause is not None:
            in_service = self._service.reason is None
            body = Heartbeat(cause=cause, in_service=in_service, version=self._version, counts=self.tally.take())
            self._parts.journal.note(body)
        gallery = self._parts.centre.gallery
        self._parts.screen.surroundings(
            Surroundings(
                online=self._parts.centre.online,
                backlog=self._parts.centre.backlog,
                clock_trusted=reading.source != "none",
                enrolled=0 if gallery is None else len(gallery),
                pins=self._parts.pins.holders,
                rules=self._parts.centre.rules,
            )
        )

    def _check_parts(self) -> None:
        parts = self._parts
        for name, part in (
            ("eye", parts.eye),
            ("centre", parts.centre),
            ("live", parts.live),
            ("screen", parts.screen),
            ("pictures", parts.pictures),
        ):
            if part is not None and not part.alive:
                raise PartEnded(f"the {name} thread has ended; its error stands above in the log")

    def _note(self, event: str, **detail: str | int) -> None:
        self._parts.journal.note(Event(event=event, detail=dict(detail)))


def _glance(look: Look, frame: Frame, reading: Reading, gallery: Gallery) -> Glance:
    face = look.served
    if face is None:
        return Glance(frame.taken_ns, None)
    readable = face.vector is not None and look.probe is not None
    match = gallery.search(look.probe, reading.at) if readable and look.probe is not None else None
    return Glance(frame.taken_ns, look.track, match, face.quality.hint)

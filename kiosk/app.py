"""The kiosk process: its parts, chosen by the settings, put together, and taken apart in order."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from firmware import clock
from firmware.camera import open_camera
from firmware.errors import LightsError
from firmware.lights import Lights, Pins, SilentLights, open_lights
from firmware.watchdog import notify
from kiosk.agent.notice import shown
from kiosk.checkin import Rules
from kiosk.database import DatabaseError
from kiosk.evidence.album import Album
from kiosk.evidence.darkroom import Darkroom
from kiosk.evidence.keeper import Keeper
from kiosk.evidence.look import Pictures
from kiosk.evidence.need import Wish
from kiosk.evidence.sealing import Sealer
from kiosk.gallery import Roster
from kiosk.keys import KioskKeys
from kiosk.ledger import Ledger, LedgerError
from kiosk.loop import Loop, Parts
from kiosk.loop.centre import Centre
from kiosk.loop.eye import Eye
from kiosk.loop.heartbeat import Tally
from kiosk.loop.journal import Journal
from kiosk.loop.live import LivePicture
from kiosk.loop.recent import lockout_before, recently_recorded
from kiosk.pin import Limits, PinDesk
from kiosk.pulse import Pulse
from kiosk.relay.centre_keys import CentreKeys
from kiosk.relay.reader import RelayReader
from kiosk.roster import RosterReader
from kiosk.screen import ScreenServer
from kiosk.settings import KioskSettings, LightsSettings
from kiosk.status import KEYS
from kiosk.told import RulesReader, wish
from models.engine import open_engine
from wire import messages as m
from wire.records import Event, Place

log = logging.getLogger(__name__)

SECOND_NS = 1_000_000_000


class Closable(Protocol):
    """A part that can be closed."""

    def close(self) -> None:
        """Give back what it holds."""
        ...


C = TypeVar("C", bound=Closable)


class Store:
    """Keys and ledger, opened together when the disk allows it; the roster is read with the keys once they are there."""

    def __init__(self, settings: KioskSettings, relay: RelayReader) -> None:
        self._settings = settings
        self._relay = relay
        self._keys: KioskKeys | None = None
        self._roster: RosterReader | None = None
        self._rules = RulesReader(relay, settings.kiosk.id, settings.folders.centre_keys)

    def open_ledger(self) -> Ledger:
        """The ledger, its keys made at first start. Raises LedgerError, KeyFileError."""
        folder, kiosk = self._settings.folders.ledger, self._settings.kiosk.id
        if self._keys is None:
            self._keys = KioskKeys(folder / KEYS, kiosk)
        try:
            receipts = self._relay.receipts()
        except DatabaseError as error:
            mend = "start the relay, which mends it: only its receipts tell whether this ledger went back in time"
            raise LedgerError(f"{error}; {mend}") from error
        return Ledger(folder, kiosk, self._keys, clock.read, receipts)

    def read_rules(self) -> m.Rules | None:
        """What the centre says of hours, holidays and pictures; None while it says nothing that can be believed."""
        return self._rules.read()

    def read_roster(self) -> Roster | None:
        """The roster in force; None while there is none, or no key to read it with."""
        if self._roster is None and self._keys is not None:
            centre_keys = self._settings.folders.centre_keys
            self._roster = RosterReader(self._relay, self._settings.kiosk.id, self._keys.roster, centre_keys)
        return None if self._roster is None else self._roster.read()


def run(settings: KioskSettings, stop: threading.Event) -> Tally:
    """Serve people until `stop` is set; gives what was counted. Raises PartEnded, OSError when the screen's port is taken.

    The end comes in this order: no more frames, nothing more from the centre, the last record, the ledger, lights, screen.
    """
    now = clock.read
    with ExitStack() as parts:
        keep = partial(_kept, parts)
        limits = _limits(settings)
        pins = PinDesk(now, lambda: lockout_before(settings.folders.ledger, now(), limits), limits)
        screen = keep(ScreenServer(settings.screen, settings.kiosk, pins.ask, show_s=settings.checkin.show_s))
        screen.start()
        lights, lights_error = _open_lights(settings.lights)
        keep(lights)
        relay = RelayReader(settings.folders.relay)
        store = Store(settings, relay)
        journal = keep(Journal(store.open_ledger, now))
        eye = keep(
            Eye(partial(open_engine, settings.folders.weights, settings.vision.detector, settings.vision.embedder))
        )
        centre = keep(Centre(relay, store.read_roster, journal, now, settings.relay.keep_days, store.read_rules))
        pictures = _pictures(keep, settings, journal, lambda: wish(centre.rules))
        live = keep(LivePicture(screen.picture))
        look = settings.camera
        camera = keep(open_camera(look.address, look.width, look.height, look.stall_s))
        loop = Loop(
            Parts(
                camera,
                eye,
                centre,
                journal,
                pins,
                lights,
                screen,
                live,
                Pulse(settings.folders.run),
                partial(shown, settings.folders.notice),
                now,
                pictures,
            ),
            _rules(settings),
            _place(settings),
            ZoneInfo(settings.screen.timezone),
            lambda: recently_recorded(settings.folders.ledger, now(), settings.checkin.repeat_s),
        )
        if lights_error:
            journal.note(Event(event="lights-lost", detail={"driver": settings.lights.driver}))
        centre.start(lambda: eye.model, screen.received)
        notify("READY=1")
        loop.run(stop)
        notify("STOPPING=1")
        return loop.tally


def _pictures(
    keep: Callable[[Closable], Closable], settings: KioskSettings, journal: Journal, wanted: Callable[[], Wish]
) -> Pictures | None:
    """What keeps pictures; None where none are taken. Those that wait are let go all the same once the centre has them."""
    album = Album(settings.folders.ledger, settings.evidence)
    keeper = Keeper(album, RelayReader(settings.folders.relay), clock.read)
    keep(keeper)
    darkroom = Darkroom(
        Sealer(lambda: journal.ledger, CentreKeys(settings.folders.centre_keys).box), album, keeper.tend
    )
    keep(darkroom)
    return Pictures(darkroom, wanted, random.SystemRandom().random) if settings.evidence.enabled else None


def _kept(parts: ExitStack, part: C) -> C:
    """The part, to be closed before those that were kept earlier."""
    parts.callback(part.close)
    return part


def _open_lights(settings: LightsSettings) -> tuple[Lights, bool]:
    """The lights, and whether they failed: a kiosk without lights still records."""
    pins = Pins(settings.red, settings.green, settings.blue, settings.buzzer)
    try:
        return open_lights(settings.driver, pins), False
    except LightsError as error:
        log.error("no lights: %s", error)  # noqa: TRY400 - the message says it all
        return SilentLights(), True


def _rules(settings: KioskSettings) -> Rules:
    checkin = settings.checkin
    return Rules(checkin.agree_frames, int(checkin.repeat_s * SECOND_NS), int(checkin.show_s * SECOND_NS))


def _limits(settings: KioskSettings) -> Limits:
    pin = settings.pin
    return Limits(free=pin.free, first_s=pin.first_s, longest_s=pin.longest_s, burst=pin.burst, refill_s=pin.refill_s)


def _place(settings: KioskSettings) -> Place:
    identity = settings.kiosk
    return Place(unit=identity.unit, lat=identity.latitude, lon=identity.longitude, anchor=None)

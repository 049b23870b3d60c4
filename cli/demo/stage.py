"""The demo's small world on disk: settings files, the centre's database with people and faces, the kiosk's keys.

Used by the end-to-end tests too, which break it on purpose.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.demo.broker import start_broker
from cli.demo.cast import Cast, Player, lay_out
from cli.demo.framing import frame_photo
from cli.demo.processes import Processes, answers, free_port
from collector.accounts import book, passwords
from collector.keys import CentreKeys
from collector.people import faces, kiosks
from collector.people.scope import Scope
from collector.settings import CollectorSettings
from collector.store import migrate
from collector.store.engine import open_engine
from collector.store.people import Person, Unit
from collector.store.writer import Writer
from kiosk.settings import KioskSettings
from kiosk.status import public_keys
from models.engine import Engine
from models.engine import open_engine as open_recogniser
from settings import load
from wire.jwks import readable

KIOSK = "kiosk-demo"
UNIT = "DISDIK"
UNIT_NAME = "Dinas Pendidikan dan Kebudayaan"


@dataclass(frozen=True, slots=True)
class Pace:
    """How the pictures pass the camera: frames a second, frames each stays, empty frames between two."""

    fps: int = 15
    hold: int = 15
    gap: int = 6


@dataclass(slots=True)
class Stage:
    """One kiosk, one broker, one centre, in one folder; every port is a free one of loopback."""

    folder: Path
    weights: Path
    pace: Pace = Pace()
    broker_port: int = field(default_factory=free_port)
    web_port: int = field(default_factory=free_port)
    screen_port: int = field(default_factory=free_port)
    processes: Processes = field(init=False)
    shown: tuple[Player, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    login: str = book.FIRST
    password: str = field(default_factory=passwords.one_time)
    broker: str = ""

    def __post_init__(self) -> None:
        """Begin with an empty folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.processes = Processes(self.folder / "logs")

    @property
    def kiosk_config(self) -> Path:
        """The kiosk's settings file."""
        return self.folder / "kiosk.toml"

    @property
    def centre_config(self) -> Path:
        """The centre's settings file."""
        return self.folder / "centre.toml"

    @property
    def kiosk_settings(self) -> KioskSettings:
        """The kiosk's settings."""
        return load(KioskSettings, self.kiosk_config)

    @property
    def centre_settings(self) -> CollectorSettings:
        """The centre's settings."""
        return load(CollectorSettings, self.centre_config)

    def set_up(self, cast: Cast, camera: str | None = None, **checkin: Any) -> None:
        """Write settings, enrol the cast, register the kiosk. `camera`: an address; None shows the cast's photos."""
        self._write_settings(camera or self._photos(), checkin)
        settings = self.centre_settings
        recogniser = open_recogniser(self.weights, embedder=settings.rosters.embedder)
        self.shown = lay_out(cast, self.folder / "enrol", self.folder / "show", partial(frame_photo, recogniser))
        keys = CentreKeys.open(settings.store.keys)
        engine = open_engine(settings.store.url)
        with Writer(engine) as writer:
            migrate.upgrade(engine)
            with writer.session() as session:
                self._admit(session)
                self._register(session)
                self._enrol(session, recogniser, keys)
        (self.folder / "centre.json").write_text(readable(keys.public))

    def start(self) -> None:
        """Broker, centre, relay; the kiosk is started by itself, for its time counts."""
        self.start_broker()
        self.start_centre()
        self.start_relay()

    def start_broker(self) -> None:
        """The broker, ready when this returns."""
        self.broker = start_broker(self.processes, self.folder, self.broker_port)

    def start_centre(self) -> None:
        """Ingest, rosters and pages in one process; ready when this returns."""
        self.processes.start_siperlu("centre", "collector", "run", "--config", str(self.centre_config))
        self.processes.wait_for(lambda: answers(self.web_port), "the centre's page answers", 30)

    def start_relay(self) -> None:
        """The kiosk's relay."""
        self.processes.start_siperlu("relay", "kiosk", "relay", "--config", str(self.kiosk_config))

    def start_kiosk(self) -> None:
        """The kiosk."""
        self.processes.start_siperlu("kiosk", "kiosk", "run", "--config", str(self.kiosk_config))

    def _photos(self) -> str:
        return f"frames:{self.folder / 'show'}?fps={self.pace.fps}&hold={self.pace.hold}&gap={self.pace.gap}"

    def _write_settings(self, camera: str, checkin: Mapping[str, Any]) -> None:
        broker = {"host": "127.0.0.1", "port": self.broker_port, "tls": False}
        _write_toml(
            self.centre_config,
            {
                "store": {"url": f"sqlite:///{self.folder / 'centre.db'}", "keys": str(self.folder / "centre-keys")},
                "broker": broker,
                "rosters": {"weights": str(self.weights)},
                "web": {"port": self.web_port},
            },
        )
        _write_toml(
            self.kiosk_config,
            {
                "kiosk": {"id": KIOSK, "unit": UNIT, "unit_name": UNIT_NAME},
                "folders": {
                    "ledger": str(self.folder / "kiosk"),
                    "relay": str(self.folder / "relay"),
                    "weights": str(self.weights),
                    "centre_keys": str(self.folder / "centre.json"),
                    "run": str(self.folder / "run"),
                    "agent": str(self.folder / "agent"),
                    "notice": str(self.folder / "notice"),
                },
                "camera": {"address": camera},
                "checkin": dict(checkin),
                "screen": {"port": self.screen_port},
                "relay": {**broker, "resend_s": 3.0},
            },
        )

    def _admit(self, session: Session) -> None:
        """An admin whose password, made anew for every demo, is there to be used and not to be changed first."""
        now = datetime.now(UTC)
        book.first_admin(session, now, timedelta(hours=1))
        book.set_password(session, self.login, self.password, now)

    def _register(self, session: Session) -> None:
        session.add(Unit(code=UNIT, name=UNIT_NAME, kind="opd"))
        session.flush()
        keys = kiosks.read_keys(public_keys(self.kiosk_settings))
        kiosks.register(session, kiosks.Wish(KIOSK, UNIT, Scope.UNIT, keys), datetime.now(UTC))

    def _enrol(self, session: Session, recogniser: Engine, keys: CentreKeys) -> None:
        faces.enrol_folder(session, self.folder / "enrol", recogniser, keys, create_in=UNIT, today=date.today())  # noqa: DTZ011
        self.names = {person.id: person.name for person in session.scalars(select(Person))}


def _write_toml(path: Path, tree: Mapping[str, Mapping[str, Any]]) -> None:
    """Tables of plain values; JSON's strings, numbers and booleans are TOML's too."""
    tables = [
        "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())])
        for name, table in tree.items()
    ]
    path.write_text("\n\n".join(tables) + "\n")

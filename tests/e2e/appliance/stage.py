"""What the parts of the campaign that need a whole kiosk share: a centre, a release, and one machine that was provisioned."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest

from cli.demo.cast import cast_of, lay_out
from cli.demo.framing import frame_photo
from cli.output import Failure, say
from cli.samples import sample_faces
from collector.keys import CentreKeys
from collector.people import faces
from collector.settings import CollectorSettings
from collector.store import migrate
from collector.store.engine import open_engine
from collector.store.people import Unit
from collector.store.writer import Writer
from models import store
from models.build import build
from models.engine import open_engine as open_recogniser
from settings import load
from tests.e2e.appliance import kept
from tests.e2e.appliance.machine import Machine, NotRun
from tests.fixtures.boxes import TRIXIE, made_bundle, sealed
from tests.fixtures.containers import CACHE, Broken, Network, wait
from tests.fixtures.regency import Regency
from wire.seals import KeyName, SealingKey

KIOSK = "disdik-1"
FPS, HOLD, GAP = 4, 120, 60
"""Each person stays for half a minute: an emulated processor looks at a frame in seconds."""
LIGHTS = {"driver": "leds", "red": 17, "green": 27, "blue": 22, "buzzer": 23}
REVISION = "Revision\t: c03114\n"
"""A Raspberry Pi 4B (Raspberry Pi documentation, revision codes): the one thing that gpiozero asks of the board."""
# For the kiosk's unit again, which has a /proc of its own (ProtectProc).
PRETEND_PI = "[Service]\nBindReadOnlyPaths=/srv/cpuinfo:/proc/cpuinfo\n"
SEEN = f"SELECT count(*) FROM records WHERE kiosk = '{KIOSK}' AND kind = 'check-in'"
PROVISION_LIMIT_S, TRIES = 1800, 3
"""Run again, the technician's command goes on: a self-test does not wait as long as a starved processor may need."""
KEY = "release.key"


class Stage:
    """Made once by the first part that needs it; it takes some minutes, fewer where a provisioned machine is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def set_up_centre(self) -> None:
        """A centre that knows one person, and a release key; with the machine's books if one is kept. Raises NotRun, Broken."""
        if hasattr(self, "regency"):
            return
        self.network = self._stack.enter_context(Network("siperlu-a"))
        self.kept_disk = kept.lay_out(self.folder)
        self.regency = Regency(self.folder / "centre", self.network)
        self._stack.callback(self._close_centre)
        if self.kept_disk is None:
            try:
                self.bundle, _, self.release_key = made_bundle(self.folder)
            except pytest.skip.Exception as error:
                raise NotRun(str(error)) from error
            (self.folder / KEY).write_text(json.dumps(self.release_key.private))
            self._enrol(load(CollectorSettings, self.regency.settings))
        self.keys = self.folder / "release.json"
        self.release_key = SealingKey.from_private(KeyName("release", 1), json.loads((self.folder / KEY).read_text()))
        self.regency.start()

    def set_up(self) -> Self:
        """A machine on which the technician's command was run, now or before. Raises NotRun, Broken."""
        if hasattr(self, "machine"):
            return self
        self.set_up_centre()
        machine = Machine(self.folder / "machine", self.network, below=self.kept_disk)
        self._stack.callback(machine.close)
        self._key = machine.key
        self._boot(machine)
        if self.kept_disk is None:
            self._put_people_before(machine, self.folder / "show")
            begun = time.monotonic()
            self._provision(machine)
            say(f"      provisioned in {time.monotonic() - begun:.0f} s")
            self._keep(machine)
        self.machine = machine
        return self

    def _close_centre(self) -> None:
        self.regency.close()

    def _keep(self, machine: Machine) -> None:
        """With machine and centre at rest."""
        machine.power_off()
        self.regency.close()
        kept.keep(self.folder)
        self.regency = Regency(self.folder / "centre", self.network)
        self.regency.start()
        self._boot(machine)

    @staticmethod
    def _boot(machine: Machine) -> None:
        say(f"      the machine answered after {machine.start():.0f} s")

    def release(self, version: str, *, broken: bool = False) -> Path:
        """Another release of this checkout, laid where the agent looks for it."""
        return sealed(self.folder, version, self.release_key, TRIXIE, broken=broken)

    def push(self, bundle: Path) -> None:
        """Lay a release where the agent looks for it."""
        words = ("--bundle", str(bundle), "--release-keys", str(self.keys))
        line = [*self.network.prefix, sys.executable, "-m", "cli", "provision", "push", self.machine.address, *words]
        line += ["--identity", str(self.machine.key), "--known-hosts", str(self.folder / "known_hosts")]
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=PROVISION_LIMIT_S)
        if done.returncode:
            raise Broken(f"push: {done.stderr[-1000:]}")

    def order(self, command: str, argument: str) -> str:
        """Give the kiosk an order at the centre; the order's id."""
        words = ("collector", "orders", "give", KIOSK, "--command", command, "--argument", argument, "--by", "admin")
        told = self.regency.siperlu(*words, "--json", "--config", str(self.regency.settings))
        return str(json.loads(told.splitlines()[-1])["orders"][KIOSK])

    def answer(self, order: str) -> dict[str, Any]:
        """What the kiosk answered to it: `state` and `detail`; empty before it did."""
        words = ("collector", "orders", "list", KIOSK, "--json", "--config", str(self.regency.settings))
        orders = json.loads(self.regency.siperlu(*words).splitlines()[-1])["orders"]
        return next(
            (
                {"state": one["state"], "detail": one["detail"]}
                for one in orders
                if one["id"] == order and one["replied_at"]
            ),
            {},
        )

    def check_ins(self) -> int:
        """How many the centre holds."""
        return int(self.regency.rows(SEEN)[0][0])

    def wait_for_check_in(self, limit_s: float = 300) -> float:
        """Seconds until one more has come to the centre."""
        before, begun = self.check_ins(), time.monotonic()
        wait("a check-in is in the centre's database", lambda: self.check_ins() > before, limit_s)
        return time.monotonic() - begun

    def siperlu(self, *words: str, limit_s: float = PROVISION_LIMIT_S) -> dict[str, Any]:
        """A technician's command beside the machine; its JSON."""
        line = [*self.network.prefix, sys.executable, "-m", "cli", *words, "--json"]
        line += ["--identity", str(self._key), "--known-hosts", str(self.folder / "known_hosts")]
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=limit_s)
        last = (done.stdout.splitlines() or [""])[-1]
        if not last.startswith("{"):
            raise Broken(done.stderr[-2000:])
        found: dict[str, Any] = json.loads(last)
        return found

    def _provision(self, machine: Machine) -> None:
        settings = [
            f"camera.address=frames:/srv/room?fps={FPS}&hold={HOLD}&gap={GAP}",
            "relay.resend_s=2.0",
            "checkin.repeat_s=40",
            "checkin.agree_frames=1",  # further apart than 0.7 s, two frames are two people (kiosk/vision/track.py)
            *(f"lights.{name}={value}" for name, value in LIGHTS.items()),
        ]
        words = [
            *("provision", machine.address, "--unit", "DISDIK", "--id", KIOSK, "--claim", self.regency.claim(KIOSK)),
            *("--centre", self.regency.address, "--bundle", str(self.bundle), "--release-keys", str(self.keys)),
            *("--accept-new", "--no-screen", *(word for one in settings for word in ("--setting", one))),
        ]
        for _ in range(TRIES):
            found = self.siperlu(*words)["machines"][0]
            if found["good"]:
                return
            say(f"      provisioning: {found['verdict']}")
        told = machine.run("journalctl -u 'siperlu-*' -n 60 --no-pager", check=False)
        raise Broken(f"provisioning: {found['verdict']}\n{told}")

    @staticmethod
    def _put_people_before(machine: Machine, room: Path) -> None:
        packed = subprocess.run(
            ["tar", "-C", str(room.parent), "-c", room.name], capture_output=True, check=True
        ).stdout
        machine.run("mkdir -p /srv/room; tar -x -C /srv/room --strip-components=1 --no-same-owner", given=packed)
        folder = "/etc/systemd/system/siperlu-kiosk.service.d"
        machine.run(f"mkdir -p {folder}; cat > {folder}/board.conf", given=PRETEND_PI.encode())
        machine.run("cat /proc/cpuinfo - > /srv/cpuinfo", given=REVISION.encode())
        machine.run("echo '/srv/cpuinfo /proc/cpuinfo none bind 0 0' >> /etc/fstab; mount /proc/cpuinfo")

    def _enrol(self, settings: CollectorSettings) -> None:
        """One person in the roster, and a stranger; both walk up again and again."""
        build(store.default_folder())
        shutil.copytree(store.default_folder(), settings.rosters.weights)
        recogniser = open_recogniser(store.default_folder())
        try:
            photos = {name: found for name, found in sample_faces(CACHE.parent).items() if name != "partial"}
        except Failure as error:
            raise NotRun(str(error)) from error
        lay_out(cast_of(photos, 1, 1), self.folder / "enrol", self.folder / "show", partial(frame_photo, recogniser))
        keys = CentreKeys.open(settings.store.keys)
        engine = open_engine(settings.store.url)
        with Writer(engine) as writer:
            migrate.upgrade(engine)
            with writer.session() as session:
                session.add(Unit(code="DISDIK", name="Dinas Pendidikan", kind="opd"))
                session.flush()
                faces.enrol_folder(
                    session, self.folder / "enrol", recogniser, keys, create_in="DISDIK", today=datetime.now(UTC).date()
                )

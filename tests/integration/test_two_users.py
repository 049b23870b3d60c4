"""Kiosk and relay as two users that can do no more than their units say: each reads the other's database, none its keys."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from kiosk.keys import KioskKeys
from tests.fixtures.brokers import BrokerProcess, wait_for
from tests.fixtures.fake_centre import FakeCentre
from tests.fixtures.units import FOLDER, Unit
from wire import messages as m

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="running processes as other users needs root"),
    pytest.mark.skipif(not shutil.which("systemd-sysusers"), reason="systemd-sysusers is not installed"),
    pytest.mark.skipif(not shutil.which("mosquitto"), reason="mosquitto is not installed"),
]

CHECKOUT = Path(__file__).resolve().parents[2]
READ = "import sys; open(sys.argv[1], 'rb').read(1)"
LIST = "import os, sys; os.listdir(sys.argv[1])"
WRITE = "import sys; open(sys.argv[1], 'ab')"

SETTINGS = """\
[kiosk]
unit = "DISDIK"
[folders]
ledger = "{state}/kiosk"
relay = "{state}/relay"
weights = "{state}/weights"
centre_keys = "{etc}/centre.json"
run = "{state}/kiosk/run"
agent = "{state}/agent"
notice = "{state}/notice"
[camera]
address = "frames:{etc}/room"
[screen]
port = 0
[relay]
port = {port}
tls = false
resend_s = 1.0
"""


@dataclass
class Machine:
    """A root that systemd's own programs made from our files; processes are started with their units' user and groups."""

    root: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for kind in ("sysusers.d", "tmpfiles.d"):
            shutil.copytree(FOLDER / kind, self.root / "etc" / kind)
        for program in (["systemd-sysusers"], ["systemd-tmpfiles", "--create"]):
            subprocess.run([*program, f"--root={self.root}"], check=True, capture_output=True)
        self.state, self.etc = self.root / "var/lib/siperlu", self.root / "etc/siperlu"
        self._users = self._numbers("passwd")
        self._groups = self._numbers("group")

    def start(self, name: str, *words: str) -> subprocess.Popen[str]:
        """Run Python with the user, the groups and the umask of a unit."""
        unit = Unit(name)
        process = subprocess.Popen(
            [sys.executable, *words],
            user=self._users[unit.one("User")],
            group=self._groups[unit.one("Group")],
            extra_groups=[self._groups[group] for group in unit.words("SupplementaryGroups")],
            umask=int(unit.one("UMask"), 8),
            cwd=CHECKOUT,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def can(self, name: str, code: str, path: Path) -> bool:
        """Whether this process' user may do that; a missing file is an error of the test."""
        assert path.exists()
        process = self.start(name, "-c", code, str(path))
        errors = process.communicate(timeout=30)[1]
        assert process.returncode == 0 or "PermissionError" in errors, errors
        return process.returncode == 0

    def status(self) -> dict[str, object]:
        """`siperlu kiosk status`, asked by the kiosk's user."""
        process = self.start(
            "kiosk", "-m", "cli", "kiosk", "status", "--json", "--config", str(self.etc / "kiosk.toml")
        )
        told, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        found: dict[str, object] = json.loads(told.splitlines()[-1])
        return found

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()

    def _numbers(self, file: str) -> dict[str, int]:
        rows = (line.split(":") for line in (self.root / "etc" / file).read_text().splitlines())
        return {row[0]: int(row[2]) for row in rows}


@pytest.fixture
def machine() -> Iterator[Machine]:
    nobody: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": CHECKOUT}
    try:
        subprocess.run([sys.executable, "-m", "cli", "--version"], check=True, capture_output=True, **nobody)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"other users cannot run {sys.executable} in {CHECKOUT}: {error}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        made = Machine(Path(folder))
        yield made
        made.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[int, FakeCentre]]:
    broker = BrokerProcess("mosquitto", tmp_path)
    broker.start()
    made = FakeCentre(broker.port)
    made.start()
    yield broker.port, made
    made.stop()
    broker.kill()


def test_records_rosters_and_receipts_pass_between_two_users(machine: Machine, served: tuple[int, FakeCentre]) -> None:
    port, centre = served
    (machine.etc / "room").mkdir()
    cv2.imwrite(str(machine.etc / "room/wall.png"), np.full((480, 640, 3), 128, np.uint8))
    texts = {"state": machine.state, "etc": machine.etc, "port": port}
    (machine.etc / "kiosk.toml").write_text(SETTINGS.format(**texts))
    centre.write_keys(machine.etc / "centre.json")
    for name in ("kiosk", "relay"):
        machine.start(
            name, *["-m", "cli", *Unit(name).words("ExecStart")[1:3], "--config", str(machine.etc / "kiosk.toml")]
        )
    wait_for("the centre has what the kiosk wrote", lambda: centre.records, 60)

    keys = machine.state / "kiosk/keys"
    box = KioskKeys(keys, "kiosk-1").roster.recipient
    centre.publish_roster(7, box, {"p1": _entry()})
    wait_for("the kiosk reads receipts and roster", lambda: _is_settled(machine.status()), 60)
    assert all(process.poll() is None for process in machine.processes[:2])

    modes = {path.name: path.stat().st_mode & 0o777 for path in machine.state.rglob("*")}
    assert modes["ledger.db"] == modes["relay.db"] == modes["relay.db.lock"] == 0o640
    assert modes["keys"] == 0o700
    assert {mode for name, mode in modes.items() if name.endswith((".jwk", ".used"))} == {0o600}
    _each_stays_in_its_place(machine)


def _each_stays_in_its_place(machine: Machine) -> None:
    state = machine.state
    assert machine.can("relay", READ, state / "kiosk/ledger.db")
    assert machine.can("kiosk", READ, state / "relay/relay.db")
    assert not machine.can("relay", WRITE, state / "kiosk/ledger.db")
    assert not machine.can("kiosk", WRITE, state / "relay/relay.db")
    assert not machine.can("relay", LIST, state / "kiosk/keys")
    assert not machine.can("kiosk", LIST, state / "relay/keys")
    assert not machine.can("screen", LIST, state / "kiosk")
    assert not machine.can("screen", LIST, state / "relay")


def _is_settled(status: dict[str, object]) -> bool:
    assert not status["problems"]
    return (status["backlog"], status["roster_version"], status["enrolled"], status["online"]) == (0, 7, 1, True)


def _entry() -> m.RosterEntry:
    return m.RosterEntry(
        kiosk="kiosk-1", person="p1", name="P One", unit="DISDIK", assigned=True, model="dlib-resnet-1", template="AAAA"
    )


def test_the_centres_keys_are_read_by_those_that_seal_and_by_nobody_else(machine: Machine) -> None:
    keys = machine.state / "centre-keys"
    code = "import sys, pathlib; from collector.keys import CentreKeys; CentreKeys.open(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(keys)], check=True, cwd=CHECKOUT)
    assert not machine.can("ingest", READ, keys / "centre-1.jwk")
    subprocess.run(["systemd-tmpfiles", "--create", f"--root={machine.root}"], check=True)
    for name in ("ingest", "jobs"):
        process = machine.start(name, "-c", code, str(keys))
        assert process.wait(30) == 0, process.communicate()[1]
        assert not machine.can(name, WRITE, keys / "centre-1.jwk")
    assert not machine.can("web", LIST, keys)
    assert not machine.can("web", READ, keys / "centre-1.jwk")
    assert not machine.can("web", READ, keys / "box-1.jwk")
    assert machine.can("web", READ, keys / "vault/vault-1.jwk")
    assert not machine.can("web", WRITE, keys / "vault/vault-1.jwk")
    assert not machine.can("screen", READ, keys / "vault/vault-1.jwk")

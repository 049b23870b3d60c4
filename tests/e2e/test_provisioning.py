"""One command takes a fresh Debian to a kiosk whose check-ins reach the centre; again, it changes nothing; what breaks is named.

Real SSH, real systemd in containers, a real broker with client certificates, each host in a network namespace of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.demo.cast import cast_of, lay_out
from cli.demo.framing import frame_photo
from cli.output import Failure
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
from provisioning.bundle import write_bundle
from provisioning.bundle.writing import Recipe, collected
from settings import load
from tests.fixtures.containers import CACHE, CHECKOUT, Broken, Container, Network, debian, wait
from tests.fixtures.regency import Regency
from tests.fixtures.releases import kept_wheels, own_wheels
from wire.jwks import key_set, readable
from wire.release import Target
from wire.seals import KeyName, SealingKey

pytestmark = pytest.mark.timeout(600)
TARGETS: tuple[Target, ...] = ("trixie-amd64",)
SECRETS = (
    "/etc/siperlu/kiosk.key",
    "/var/lib/siperlu/kiosk/keys",
    "/var/lib/siperlu/relay/keys",
    "/etc/ssh/ssh_host_ed25519_key",
)


class Stage:
    """The centre, the technician's desk and two fresh boxes."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        base = debian("trixie")
        self.folder = folder
        self.network = stack.enter_context(Network("siperlu-t"))
        self.regency = Regency(folder / "centre", self.network)
        stack.callback(self.regency.close)
        self.bundle, self.keys, self.release_key = made_bundle(folder)
        self.room = self._enrol()
        self.regency.start()
        self.boxes = [Container(base, folder / f"box-{n}", self.network, n) for n in (11, 12)]
        for box in self.boxes:
            stack.callback(box.close)
            shutil.copytree(self.room, box.root / "srv/room")
            box.start()

    def provision(
        self, box: Container, kiosk: str, *words: str, claim: str = "", bundle: Path | None = None
    ) -> dict[str, Any]:
        """Run the technician's command; its JSON, whatever became of it."""
        line = [
            *(
                *self.network.prefix,
                sys.executable,
                "-m",
                "cli",
                "provision",
                box.address,
                "--unit",
                "DISDIK",
                "--id",
                kiosk,
            ),
            *("--claim", claim, "--centre", self.regency.address, "--bundle", str(bundle or self.bundle)),
            *("--release-keys", str(self.keys), "--identity", str(box.key), "--accept-new"),
            *("--known-hosts", str(self.folder / "known_hosts"), "--no-screen"),
            *("--setting", "camera.address=frames:/srv/room?fps=15&hold=30&gap=15", "--setting", "relay.resend_s=1.0"),
            *("--json", *words),
        ]
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=500)
        last = (done.stdout.splitlines() or [""])[-1]
        assert last.startswith("{"), done.stderr[-4000:]
        found: dict[str, Any] = json.loads(last)["machines"][0]
        return found

    def _enrol(self) -> Path:
        settings = load(CollectorSettings, self.regency.settings)
        build(store.default_folder())
        shutil.copytree(store.default_folder(), settings.rosters.weights)
        recogniser = open_recogniser(store.default_folder())
        try:
            photos = {name: found for name, found in sample_faces(CACHE.parent).items() if name != "partial"}
        except Failure as error:
            pytest.skip(str(error))
        lay_out(cast_of(photos, 1, 0), self.folder / "enrol", self.folder / "show", partial(frame_photo, recogniser))
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
        return self.folder / "show"


def made_bundle(folder: Path) -> tuple[Path, Path, SealingKey]:
    """A release of this checkout, the file of its public key, and the key."""
    own_wheels(folder / "own")
    key = SealingKey.generate(KeyName("release", 1))
    (folder / "release.json").write_text(readable(key_set([key.public], [])))
    return sealed(folder, "0.1.0", key), folder / "release.json", key


def sealed(folder: Path, version: str, key: SealingKey, *, broken: bool = False) -> Path:
    """A release under that version's name; a broken one lacks what its pages are made with."""
    own = folder / "own"
    parts: list[tuple[Path, str, Target]] = [(CHECKOUT / "systemd", "systemd", "any"), (own, "wheels/any", "any")]
    parts += [(kept_wheels(own, "kiosk", target), f"wheels/{target}", target) for target in TARGETS]
    wanted = {name: file for name, file in collected(parts).items() if not (broken and "/flask-" in name.lower())}
    out = folder / f"siperlu-{version}.tar"
    write_bundle(out, Recipe(version, "0.1.0", datetime.now(UTC), 1), wanted, key)
    return out


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(tmp_path_factory.mktemp("provisioning"), stack)


def outcomes(found: dict[str, Any]) -> dict[str, str]:
    return {one["step"]: one["outcome"] for one in found["steps"]}


def test_a_dry_run_tells_and_changes_nothing(stage: Stage) -> None:
    found = stage.provision(stage.boxes[0], "disdik-1", "--dry-run")
    assert {"unchanged", "would change"} >= set(outcomes(found).values()) - {"failed", "not reached"}
    assert outcomes(found)["software"] == "would change"
    assert stage.boxes[0].run("ls", "/opt") == ""


def test_a_step_that_breaks_is_named_with_its_mend(stage: Stage) -> None:
    found = stage.provision(stage.boxes[0], "disdik-1", claim="00000-00000-00000-00000")
    assert not found["good"]
    assert found["verdict"].startswith("stopped at registration: the centre refuses:")
    assert "siperlu collector kiosks claim" in found["verdict"]
    assert outcomes(found)["service"] == "not reached"


def test_run_again_it_is_finished_and_check_ins_reach_the_centre(stage: Stage) -> None:
    found = stage.provision(stage.boxes[0], "disdik-1", claim=stage.regency.claim("disdik-1"))
    assert found["good"], found["verdict"]
    assert outcomes(found)["software"] == "unchanged", "what was done before is not done again"
    seen = "SELECT count(*) FROM records WHERE kiosk = 'disdik-1' AND kind = 'check-in'"
    wait("a check-in is in the centre's database", lambda: stage.regency.rows(seen)[0][0] > 0, 90)


def test_a_second_run_changes_nothing_and_says_so(stage: Stage) -> None:
    found = stage.provision(stage.boxes[0], "disdik-1")
    assert found["changed"] == 0, found
    assert found["verdict"] == "nothing changed: it is as it should be"


def test_a_box_whose_disk_is_full_is_named_and_nothing_is_begun(stage: Stage) -> None:
    box, releases = stage.boxes[1], "/opt/siperlu/releases"
    box.run("mkdir", "-p", releases)
    box.run("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", releases)
    found = stage.provision(box, "disdik-2")
    left = box.run("ls", releases)
    box.run("umount", releases)
    assert found["verdict"].startswith(f"stopped at software: no room: 20 MiB free below {releases}, needed are ")
    assert left == ""


REFUSE = "add table inet cut; add chain inet cut input { type filter hook input priority -9; }; add rule inet cut input tcp dport 22 reject with tcp reset"


def test_a_line_that_breaks_in_the_middle_of_the_software_is_named(stage: Stage) -> None:
    box, found = stage.boxes[1], []
    run = threading.Thread(target=lambda: found.append(stage.provision(box, "disdik-2")))
    run.start()
    arriving = box.root / "opt/siperlu/releases/0.1.0.partial/source/wheels"
    wait("the software is on its way", arriving.exists, 90)
    box.run("nft", REFUSE)
    run.join(120)
    box.run("nft", "delete table inet cut")
    assert "stopped at software:" in found[0]["verdict"]
    assert "the connection broke off" in found[0]["verdict"]
    assert outcomes(found[0])["registration"] == "not reached"
    assert box.run("sh", "-c", "readlink /opt/siperlu/current || true") == "", "what is half there is not used"


def test_another_box_shares_no_secret_and_listens_to_ssh_alone(stage: Stage) -> None:
    found = stage.provision(stage.boxes[1], "disdik-2", claim=stage.regency.claim("disdik-2"))
    assert found["good"], found["verdict"]
    first, second = (secrets_of(box) for box in stage.boxes)
    assert len(first) == len(second) == 5
    assert not set(first) & set(second)
    for box in stage.boxes:
        outside = {line.split()[3] for line in box.run("ss", "-Hltn").splitlines()}
        assert {one for one in outside if not one.startswith(("127.", "[::1]"))} == {"0.0.0.0:22", "[::]:22"}
        assert not box.run("ss", "-Hlun").strip()


def secrets_of(box: Container) -> list[str]:
    """Digests of every secret on a box."""
    found = box.run("find", *SECRETS, "-type", "f", "-size", "+0", "-exec", "sha256sum", "{}", "+")
    names = {line.split()[1] for line in found.splitlines()}
    assert {"/etc/siperlu/kiosk.key", "/etc/ssh/ssh_host_ed25519_key"} <= names
    return [line.split()[0] for line in found.splitlines()]


def test_what_is_wrong_is_said_in_plain_words(stage: Stage) -> None:
    box = stage.boxes[1]
    line = [
        *(*stage.network.prefix, sys.executable, "-m", "cli", "provision", "check", box.address, "--json"),
        *("--identity", str(box.key), "--known-hosts", str(stage.folder / "known_hosts")),
    ]
    box.run("systemctl", "stop", "siperlu-relay")
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert "relay" in json.loads(done.stdout.splitlines()[-1])["wrong"]
    assert "journalctl -u siperlu-relay" in done.stderr
    box.run("systemctl", "start", "siperlu-relay")


def answered(stage: Stage, kiosk: str, command: str) -> dict[str, Any]:
    """The kiosk's newest answer to a command; empty while there is none."""
    told = stage.regency.siperlu(
        "collector", "orders", "list", kiosk, "--json", "--config", str(stage.regency.settings)
    )
    orders = [one for one in json.loads(told.splitlines()[-1])["orders"] if one["command"] == command]
    return orders[0] if orders and orders[0]["state"] != "open" else {}


def give(stage: Stage, kiosk: str, command: str, *arguments: str, limit_s: float = 30) -> dict[str, Any]:
    """Order it at the centre and wait for the kiosk's answer."""
    words = [word for argument in arguments for word in ("--argument", argument)]
    stage.regency.siperlu(
        *("collector", "orders", "give", kiosk, "--command", command, *words, "--by", "it"),
        *("--config", str(stage.regency.settings)),
    )
    wait(f"{kiosk} answers {command}", lambda: answered(stage, kiosk, command), limit_s)
    return answered(stage, kiosk, command)


def test_a_sealed_command_goes_round(stage: Stage) -> None:
    told = give(stage, "disdik-2", "send-diagnostics")
    assert told["state"] == "done"
    assert told["detail"]["unit-kiosk"].startswith("active")
    assert give(stage, "disdik-2", "identify", "seconds=5")["detail"] == {"seconds": 5.0}


def journal(box: Container) -> str:
    """What agent and kiosk said last."""
    return box.run(
        "journalctl", "-u", "siperlu-agent", "-u", "siperlu-kiosk", "-u", "siperlu-relay", "-n", "60", "--no-pager"
    )


def push(stage: Stage, box: Container, bundle: Path) -> None:
    line = [
        *stage.network.prefix,
        sys.executable,
        "-m",
        "cli",
        "provision",
        "push",
        box.address,
        "--bundle",
        str(bundle),
    ]
    line += [
        "--release-keys",
        str(stage.keys),
        "--identity",
        str(box.key),
        "--known-hosts",
        str(stage.folder / "known_hosts"),
    ]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_update_is_installed_proven_and_told(stage: Stage) -> None:
    box = stage.boxes[1]
    push(stage, box, sealed(stage.folder, "0.1.1", stage.release_key))
    told = give(stage, "disdik-2", "update", "version=0.1.1", limit_s=150)
    assert (told["state"], told["detail"]) == ("done", {"version": "0.1.1", "stage": "done"}), journal(box)
    assert box.run("readlink", "/opt/siperlu/current") == "/opt/siperlu/releases/0.1.1"


def test_an_update_that_fails_its_health_check_is_rolled_back(stage: Stage) -> None:
    box = stage.boxes[1]
    push(stage, box, sealed(stage.folder, "0.1.2", stage.release_key, broken=True))
    told = give(stage, "disdik-2", "update", "version=0.1.2", limit_s=400)
    assert told["state"] == "failed"
    assert told["detail"]["reason"]
    assert box.run("readlink", "/opt/siperlu/current") == "/opt/siperlu/releases/0.1.1"
    wait(
        "the old release serves again",
        lambda: box.run("systemctl", "is-active", "siperlu-kiosk", check=False) == "active",
        60,
    )


def test_a_newer_release_provisioned_over_a_kiosk_is_what_runs(stage: Stage) -> None:
    box = stage.boxes[0]
    newer = sealed(stage.folder, "0.1.1", stage.release_key, kept_wheels())
    found = stage.provision(box, "disdik-1", bundle=newer)
    assert found["good"], found["verdict"]
    assert {name for name, what in outcomes(found).items() if what == "changed"} == {"software", "service"}
    for part in ("kiosk", "relay", "agent"):
        pid = box.run("systemctl", "show", "-P", "MainPID", f"siperlu-{part}")
        assert box.run("cat", f"/proc/{pid}/cmdline").startswith("/opt/siperlu/releases/0.1.1/"), part
    assert stage.provision(box, "disdik-1", bundle=newer)["changed"] == 0


def test_a_changed_host_key_is_refused(stage: Stage) -> None:
    box, key = stage.boxes[1], "/etc/ssh/ssh_host_ed25519_key"
    box.run(
        "sh",
        "-euc",
        f"cp -p {key} /root/kept; rm {key} {key}.pub; ssh-keygen -q -t ed25519 -N '' -f {key}; systemctl restart ssh",
    )
    found = stage.provision(box, "disdik-2")
    box.run("sh", "-euc", f"mv /root/kept {key}; systemctl restart ssh")
    assert not found["good"]
    assert "host key is not known or has changed" in found["verdict"]


def test_a_revoked_kiosk_is_out_within_a_minute(stage: Stage) -> None:
    box = stage.boxes[0]
    stage.regency.siperlu(
        *("collector", "kiosks", "revoke", "disdik-1", "--reason", "stolen", "--config", str(stage.regency.settings))
    )

    def offline() -> bool:
        try:
            told = box.run(
                "/opt/siperlu/current/bin/siperlu", "kiosk", "status", "--config", "/etc/siperlu/kiosk.toml", "--json"
            )
        except Broken:
            return False
        return '"online": false' in told

    wait("the revoked kiosk is offline", offline, 60)


def test_a_retired_box_is_revoked_and_holds_no_secret(stage: Stage) -> None:
    box = stage.boxes[1]
    line = [*stage.network.prefix, sys.executable, "-m", "cli", "provision", "retire", box.address]
    line += ["--identity", str(box.key), "--known-hosts", str(stage.folder / "known_hosts"), "--lose-records"]
    done = subprocess.run([*line, "--config", str(stage.regency.settings)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    gone = stage.regency.rows("SELECT count(*) FROM kiosk_keys WHERE kiosk = 'disdik-2' AND revoked_at IS NULL")
    assert gone == [(0,)]
    left = box.run(
        "sh", "-c", "ls -d /etc/siperlu/kiosk.key /var/lib/siperlu/kiosk /var/lib/siperlu/relay 2>/dev/null || true"
    )
    assert left == ""


def test_a_box_wiped_from_afar_is_not_forgotten_at_the_centre(stage: Stage) -> None:
    box = stage.boxes[0]
    line = [*stage.network.prefix, sys.executable, "-m", "cli", "provision", "retire", box.address, "--lose-records"]
    line += ["--identity", str(box.key), "--known-hosts", str(stage.folder / "known_hosts")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "disdik-1 is still believed" in done.stderr

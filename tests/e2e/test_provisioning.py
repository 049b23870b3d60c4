"""One command takes a fresh Debian, 12 or 13, to a kiosk whose check-ins reach the centre; again, it changes nothing; what breaks is named.

Real SSH, real systemd in containers, a real broker with client certificates, each host in a network namespace of its own. The second
box sees through the real picamera2, on pictures that libcamera plays.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.boxes import BOOKWORM, TRIXIE, Stage, sealed
from tests.fixtures.containers import CHECKOUT, Broken, Container, wait
from tests.fixtures.virtual_camera import HEAP

pytestmark = pytest.mark.timeout(600)
SEEN = "SELECT count(*) FROM records WHERE kiosk = '{}' AND kind = 'check-in'"
SECRETS = (
    "/etc/siperlu/kiosk.key",
    "/var/lib/siperlu/kiosk/keys",
    "/var/lib/siperlu/relay/keys",
    "/etc/ssh/ssh_host_ed25519_key",
)


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
    wait("a check-in is in the centre's database", lambda: stage.regency.rows(SEEN.format("disdik-1"))[0][0] > 0, 90)


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
    assert [box.run("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME") for box in stage.boxes] == [
        "bookworm",
        "trixie",
    ]
    wait("its check-in is in the centre's database", lambda: stage.regency.rows(SEEN.format("disdik-2"))[0][0] > 0, 90)
    first, second = (secrets_of(box) for box in stage.boxes)
    assert len(first) == len(second) == 5
    assert not set(first) & set(second)
    for box in stage.boxes:
        outside = {line.split()[3] for line in box.run("ss", "-Hltn").splitlines()}
        assert {one for one in outside if not one.startswith(("127.", "[::1]"))} == {"0.0.0.0:22", "[::]:22"}
        assert not box.run("ss", "-Hlun").strip()


def test_that_check_in_came_through_the_real_picamera2_in_the_kiosks_own_sandbox(stage: Stage) -> None:
    if stage.no_camera:
        pytest.skip(f"no picamera2: {stage.no_camera}")
    box = stage.boxes[1]
    pid = box.run("systemctl", "show", "-P", "MainPID", "siperlu-kiosk")
    assert "/libcamera.so" in box.run("cat", f"/proc/{pid}/maps")
    for line in ("MemoryDenyWriteExecute=yes", "ProtectSystem=strict", "PrivateNetwork=yes", "PrivateUsers=yes"):
        assert line in box.run("systemctl", "show", "siperlu-kiosk").splitlines(), "the unit is the one that is shipped"
    shutil.copy(CHECKOUT / "tests/fixtures/camera_probe.py", box.root / "root/probe.py")
    probe = ("env", f"LD_PRELOAD={HEAP}", "/opt/siperlu/current/bin/python", "/root/probe.py", "/srv/frames/0.jpg")
    told = json.loads(box.run(*probe).splitlines()[-1])
    assert told["frames"] == 50
    assert told["again"] == 3, "a camera that was given back opens again"
    assert told["shapes"] == [[480, 640, 3]], "what it gives is read back, whatever was asked"
    assert told["off"] < min(15, told["off with red for blue"]), (
        "the picture that was played, its colours in their places"
    )
    assert told["fps"] < 20
    assert told["missing"].startswith("CameraMissing: picamera2:7 cannot be opened")


EAGER = """
for part in kiosk relay; do
  mkdir -p /run/systemd/system/siperlu-$part.service.d
  printf '[Service]\\nWatchdogSec=10\\n' > /run/systemd/system/siperlu-$part.service.d/eager.conf
done
systemctl daemon-reload; systemctl restart siperlu-relay siperlu-kiosk
"""
"""A minute is what the shipped units wait; nobody wants to wait so long for a test."""


def test_a_part_that_hangs_is_started_again_by_its_watchdog(stage: Stage) -> None:
    box = stage.boxes[1]
    box.run("sh", "-euc", EAGER)

    def shown(part: str, name: str) -> str:
        return box.run("systemctl", "show", "-P", name, f"siperlu-{part}")

    hung = {part: shown(part, "MainPID") for part in ("kiosk", "relay")}
    box.run("kill", "-STOP", *hung.values())
    for part, pid in hung.items():
        wait(f"{part} is back", lambda part=part, pid=pid: shown(part, "MainPID") not in {"0", pid}, 120)
        wait(f"{part} serves", lambda part=part: shown(part, "ActiveState") == "active", 120)
        assert int(shown(part, "NRestarts")) >= 1
        assert "Watchdog timeout" in box.run("journalctl", "-u", f"siperlu-{part}", "--no-pager")
    box.run("sh", "-euc", "rm -r /run/systemd/system/siperlu-*.service.d; systemctl daemon-reload")


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
        *("collector", "orders", "give", kiosk, "--command", command, *words, "--by", "admin"),
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
    push(stage, box, sealed(stage.folder, "0.1.1", stage.release_key, TRIXIE))
    told = give(stage, "disdik-2", "update", "version=0.1.1", limit_s=150)
    assert (told["state"], told["detail"]) == ("done", {"version": "0.1.1", "stage": "done"}), journal(box)
    assert box.run("readlink", "/opt/siperlu/current") == "/opt/siperlu/releases/0.1.1"


def test_an_update_that_fails_its_health_check_is_rolled_back(stage: Stage) -> None:
    box = stage.boxes[1]
    push(stage, box, sealed(stage.folder, "0.1.2", stage.release_key, TRIXIE, broken=True))
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
    newer = sealed(stage.folder, "0.1.1", stage.release_key, BOOKWORM)
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

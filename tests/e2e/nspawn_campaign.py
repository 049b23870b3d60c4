"""The kiosk's units in a booted Debian 12: `make campaign-nspawn`. Needs root, mmdebstrap, systemd-container and Python 3.11.

The container has its own systemd, users and broker, and this checkout read-only. What is run are the units of systemd/ as
they are; only the screen's compositor is told to draw on no display. Takes about two minutes the first time, one later.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from cli.output import emit, say
from models.build import build

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = "systemd,systemd-sysv,dbus,python3,libgomp1,mosquitto,mosquitto-clients,iproute2,procps,cage,xwayland,seatd,chromium"
PROGRAM = """#!/usr/bin/python3
import sys
sys.path[:0] = ["/opt/siperlu/source", "/opt/siperlu/source/.venv/lib/python3.11/site-packages"]
from cli.main import main
main()
"""
SETTINGS = """[kiosk]
unit = "DISDIK"
[camera]
address = "frames:/etc/siperlu/room"
[relay]
port = 1883
tls = false
resend_s = 1.0
"""
HEADLESS = "[Service]\nEnvironment=WLR_BACKENDS=headless WLR_RENDERER=pixman WLR_LIBINPUT_NO_DEVICES=1\n"
EAGER = "[Service]\nWatchdogSec=3\n"
BOOT = """
umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/siperlu-$$ && echo $$ > /sys/fs/cgroup/siperlu-$$/cgroup.procs
exec systemd-nspawn --keep-unit --register=no -q -D "$0" -M siperlu --volatile=no --private-network --resolv-conf=off \\
  --link-journal=no --console=pipe --system-call-filter="adjtimex clock_adjtime" --bind-ro="$1":/opt/siperlu/source --boot
"""
FORBIDDEN = {
    "write /etc": "EROFS",
    "read the relay's keys": "EACCES",
    "write relay.db": ("EROFS", "EACCES"),
    "raw packets": "EAFNOSUPPORT",
    "set the clock": "EPERM",
    "write and execute": "EPERM",
    "user namespace": "EPERM",
    "reach another host": ("ENETUNREACH", "EPERM"),
    "see other processes": "ENOENT",
}
NEEDED = ("read relay.db", "judge the clock", "read the boot's id")


class Broken(Exception):
    """A check did not hold."""


class Container:
    """A booted root. `run`: a command inside of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        words = ["unshare", "-m", "--propagation", "private", "bash", "-ec", BOOT, str(root), str(CHECKOUT)]
        with (root.parent / "console.log").open("wb") as log:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait("the container has a first process", lambda: self._leader() is not None)

    def run(self, *words: str, check: bool = True) -> str:
        leader = self._leader()
        done = subprocess.run(
            ["nsenter", "-t", str(leader), "-a", *words], capture_output=True, text=True, timeout=120, check=False
        )
        if check and done.returncode:
            raise Broken(f"{' '.join(words)}: {done.stderr or done.stdout}")
        return done.stdout.strip()

    def show(self, unit: str, what: str) -> str:
        return self.run("systemctl", "show", "-P", what, f"siperlu-{unit}.service")

    def drop_in(self, unit: str, text: str) -> None:
        """Change a unit for the test, and start it anew."""
        folder = self.root / f"etc/systemd/system/siperlu-{unit}.service.d"
        folder.mkdir(exist_ok=True)
        (folder / "test.conf").write_text(text)
        self.run("systemctl", "daemon-reload")
        self.run("systemctl", "restart", f"siperlu-{unit}.service")

    def close(self) -> None:
        leader = self._leader()
        if leader is not None:
            os.kill(leader, signal.SIGRTMIN + 4)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _leader(self) -> int | None:
        if self._process.poll() is not None:
            raise Broken(f"the container ended; see {self.root.parent / 'console.log'}")
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return int(children[0]) if children else None


def wait(what: str, condition: Callable[[], object], limit_s: float = 90) -> None:
    """Raises Broken when it does not become true in time."""
    end, told = time.monotonic() + limit_s, ""
    while time.monotonic() < end:
        try:
            if condition():
                return
        except Broken as error:
            told = f"; {error}"
        time.sleep(0.2)
    raise Broken(f"not within {limit_s:.0f} s: {what}{told}")


def furnish(root: Path) -> None:
    """Units, users, folders, program and settings, as docs/operations.md says."""
    for path in (*CHECKOUT.glob("systemd/siperlu-*.service"), *CHECKOUT.glob("systemd/*.target")):
        shutil.copy(path, root / "etc/systemd/system")
        shutil.rmtree(root / f"etc/systemd/system/{path.name}.d", ignore_errors=True)
    for folder, place in (
        ("sysusers.d", "etc"),
        ("tmpfiles.d", "etc"),
        ("journald.conf.d", "etc/systemd"),
        ("chromium", "etc/chromium/policies/managed"),
    ):
        target = root / place / ("" if folder == "chromium" else folder)
        shutil.copytree(CHECKOUT / "systemd" / folder, target, dirs_exist_ok=True)
    shutil.rmtree(root / "var/lib/siperlu", ignore_errors=True)
    for folder in ("opt/siperlu/current/bin", "opt/siperlu/source", "etc/siperlu/room"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    build(root / "var/lib/siperlu/weights")
    program = root / "opt/siperlu/current/bin/siperlu"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    cv2.imwrite(str(root / "etc/siperlu/room/wall.png"), np.full((480, 640, 3), 128, np.uint8))
    (root / "etc/siperlu/kiosk.toml").write_text(SETTINGS)
    (root / "etc/mosquitto/conf.d/local.conf").write_text("listener 1883 127.0.0.1\nallow_anonymous true\n")
    shutil.copy(CHECKOUT / "tests/e2e/nspawn_probe.py", root / "opt/siperlu/probe.py")


def runs(box: Container) -> None:
    """Kiosk and relay tell that they are ready."""
    wait("systemd answers", lambda: box.run("systemctl", "is-system-running", check=False) in ("running", "degraded"))
    box.run("systemctl", "start", "siperlu.target")
    for unit in ("kiosk", "relay"):
        wait(f"{unit} is active", lambda unit=unit: box.show(unit, "ActiveState") == "active")


def delivers(box: Container) -> None:
    """The relay reads the ledger of another user, and a record comes out at the broker."""
    sealed = box.run(
        "mosquitto_sub", "-h", "127.0.0.1", "-p", "1883", "-t", "siperlu/v1/kiosk-1/records", "-C", "1", "-W", "60"
    )
    if sealed.count(".") != 2:
        raise Broken(f"no sealed record: {sealed[:80]}")


def bites(box: Container) -> None:
    """A process in the kiosk's place can do what it needs, and nothing more."""
    unit = (box.root / "etc/systemd/system/siperlu-kiosk.service").read_text()
    lines = [line for line in unit.splitlines() if not line.startswith(("Type=", "WatchdogSec=", "Restart", "PartOf="))]
    text = "\n".join(
        line if not line.startswith("ExecStart=") else "ExecStart=/usr/bin/python3 /opt/siperlu/probe.py"
        for line in lines
    )
    (box.root / "etc/systemd/system/probe.service").write_text(text.replace("[Service]", "[Service]\nType=oneshot", 1))
    box.run("systemctl", "daemon-reload")
    box.run("systemctl", "start", "probe.service")
    wait("the probe told", lambda: "{" in box.run("journalctl", "-u", "probe", "-o", "cat", "--no-pager"))
    told = box.run("journalctl", "-u", "probe", "-o", "cat", "--no-pager")
    found = json.loads(next(line for line in told.splitlines() if line.startswith("{")))
    wrong = [
        f"{name}: {found[name]}"
        for name, wanted in FORBIDDEN.items()
        if found[name] not in (wanted if isinstance(wanted, tuple) else (wanted,))
    ]
    wrong += [f"{name}: {found[name]}" for name in NEEDED if found[name] != "works"]
    if wrong:
        raise Broken("; ".join(wrong))


def hides(box: Container) -> None:
    """The page is there for the screen, and not for the machine it is on."""
    fetch = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8080/', timeout=5).status)"
    if box.run("nsenter", "-t", box.show("kiosk", "MainPID"), "-n", "python3", "-c", fetch) != "200":
        raise Broken("the page is not served")
    if ":8080" in box.run("ss", "-ltn"):
        raise Broken("the page is served outside of the shared network")


def shows(box: Container) -> None:
    """Chromium runs the page in namespaces of its own, under a filter of its own."""
    box.drop_in("screen", HEADLESS)
    wait("a renderer runs", lambda: box.run("pgrep", "-f", "type=renderer", check=False))
    renderer = box.run("pgrep", "-f", "type=renderer").split()[0]
    status = box.run("cat", f"/proc/{renderer}/status")
    pids = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
    users = {box.run("readlink", f"/proc/{pid}/ns/user") for pid in (renderer, box.show("screen", "MainPID"))}
    if "Seccomp:\t2" not in status or len(pids) < 4 or len(users) < 2:
        raise Broken(f"Chromium's sandbox is not on: {status}")
    wait(
        "the screen is connected",
        lambda: ":8080" in box.run("nsenter", "-t", box.show("kiosk", "MainPID"), "-n", "ss", "-tn"),
    )


def revives(box: Container) -> None:
    """A killed kiosk and one that hangs are started again; the machine is not."""
    box.drop_in("kiosk", EAGER)
    for blow, word in (("-KILL", "signal"), ("-STOP", "Watchdog timeout")):
        before = int(box.show("kiosk", "NRestarts"))
        box.run("kill", blow, box.show("kiosk", "MainPID"))
        wait(f"the kiosk is back after {blow}", lambda before=before: int(box.show("kiosk", "NRestarts")) > before)
        wait("it is active", lambda: box.show("kiosk", "ActiveState") == "active")
        if word not in box.run("journalctl", "-u", "siperlu-kiosk", "--no-pager"):
            raise Broken(f"no word of {word!r} in the journal")


CHECKS = (runs, delivers, bites, hides, shows, revives)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--root", type=Path, default=CHECKOUT / ".cache/nspawn/bookworm", help="folder of the Debian root"
    )
    parser.add_argument("--json", action="store_true", help="one object on the last line")
    wish = parser.parse_args()
    if os.geteuid() or sys.version_info[:2] != (3, 11) or not all(map(shutil.which, ("mmdebstrap", "systemd-nspawn"))):
        sys.exit("needs root, Python 3.11 as Debian 12 has it, and `apt-get install mmdebstrap systemd-container`")
    if not wish.root.exists():
        wish.root.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(wish.root)], check=True
        )
    furnish(wish.root)
    box, told = Container(wish.root), {}
    try:
        for check in CHECKS:
            told[check.__name__] = _told(check, box)
    finally:
        with suppress(Broken):
            box.close()
    if wish.json:
        emit({"good": not any(told.values()), "broken": {name: why for name, why in told.items() if why}})
    sys.exit(any(told.values()))


def _told(check: Callable[[Container], None], box: Container) -> str:
    try:
        check(box)
    except Broken as error:
        say(f"FAIL  {check.__name__}: {error}")
        return str(error)
    say(f"ok    {check.__name__}: {check.__doc__}")
    return ""


if __name__ == "__main__":
    main()

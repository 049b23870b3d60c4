"""Part `arm64`: the aarch64 wheels of a release, installed and run by qemu-user in an arm64 Debian 13.

The steps of `siperlu provision` that need no running systemd are run on the root folder, then kiosk and relay as the users they
have, beside a real broker and centre, until a check-in is in the centre's database.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from provisioning.bundle import write_bundle
from provisioning.bundle.writing import Recipe, collected
from tests.e2e.appliance.machine import NotRun, foreign_programs, root_of
from tests.e2e.appliance.stage import Stage
from tests.fixtures.containers import CHECKOUT, Broken, wait
from tests.fixtures.releases import kept_wheels
from wire.release import Target

KIOSK = "disdik-arm"
SEEN = f"SELECT count(*) FROM records WHERE kiosk = '{KIOSK}' AND kind = 'check-in'"
TARGET: Target = "trixie-arm64"
IMPORTS = "numpy, cv2, dlib, onnxruntime, onnx, cryptography, joserfc, pydantic, sqlalchemy, flask, paho.mqtt.client, gpiozero, lgpio"
PYTHON = "/opt/siperlu/current/bin/python"
PROGRAM = "/opt/siperlu/current/bin/siperlu"
STEPS_LIMIT_S, CHECK_IN_LIMIT_S = 3600, 1500
SETTINGS = {
    "camera": {"address": "frames:/srv/room?fps=2&hold=1200&gap=20"},
    "relay": {"resend_s": 5.0},
    "checkin": {"agree_frames": 1},  # further apart than 0.7 s, two frames are two people (kiosk/vision/track.py)
}


def arm64(stage: Stage) -> dict[str, Any]:
    """aarch64 wheels installed and imported, and a check-in from picture to the centre, by qemu-user."""
    base = root_of("arm64")
    stage.set_up_centre()
    bundle = _bundle(stage)
    with foreign_programs(), _copy(stage, base) as root:
        machine = _said(root, "uname -m")
        if machine != "aarch64":
            raise Broken(f"the root runs on {machine}")
        took_s = _provisioned(stage, root, bundle)
        begun = time.monotonic()
        versions = _said(root, f"{PYTHON} -c 'import {IMPORTS}; print(numpy.__version__, cv2.__version__)'")
        took_s["imports"] = round(time.monotonic() - begun, 1)
        begun = time.monotonic()
        _serve(stage, root)
        took_s["to the centre"] = round(time.monotonic() - begun, 1)
    return {"numpy and cv2": versions, "seconds": took_s, "check-ins": stage.regency.rows(SEEN)[0][0]}


def _bundle(stage: Stage) -> Path:
    try:
        kept = kept_wheels(stage.folder / "own", "kiosk", TARGET)
    except pytest.skip.Exception as error:
        raise NotRun(str(error)) from error
    parts: list[tuple[Path, str, Target]] = [
        (CHECKOUT / "systemd", "systemd", "any"),
        (stage.folder / "own", "wheels/any", "any"),
        (kept, f"wheels/{TARGET}", TARGET),
    ]
    out = stage.folder / "siperlu-arm64.tar"
    write_bundle(out, Recipe("0.1.0", "0.1.0", datetime.now(UTC), 1), collected(parts), stage.release_key)
    return out


@contextmanager
def _copy(stage: Stage, base: Path) -> Iterator[Path]:
    """A throw-away layer over the root, with what a running system has mounted."""
    folder = stage.folder / "arm64"
    for name in ("upper", "work", "root"):
        (folder / name).mkdir(parents=True)
    root = folder / "root"
    options = f"lowerdir={base},upperdir={folder / 'upper'},workdir={folder / 'work'}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(root)], check=True)
    try:
        subprocess.run(["mount", "-t", "proc", "proc", str(root / "proc")], check=True)
        subprocess.run(["mount", "--bind", "/dev", str(root / "dev")], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(root / "run")], check=True)
        (root / "srv/room").mkdir()
        shown = min((stage.folder / "show").iterdir())
        (root / "srv/room" / shown.name).write_bytes(shown.read_bytes())
        yield root
    finally:
        subprocess.run(["umount", "-R", str(root)], check=False, capture_output=True)


def _provisioned(stage: Stage, root: Path, bundle: Path) -> dict[str, float]:
    line = [*stage.network.prefix, sys.executable, "-m", "tests.e2e.appliance.chroot_steps", str(root), str(bundle)]
    line += [str(stage.keys), stage.regency.address, KIOSK, stage.regency.claim(KIOSK), json.dumps(SETTINGS)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=STEPS_LIMIT_S, cwd=CHECKOUT)
    if not done.stdout.startswith("["):
        raise Broken(done.stderr[-2000:])
    steps = json.loads(done.stdout)
    failed = [f"{step['step']}: {step['text']}" for step in steps if step["outcome"] not in ("changed", "unchanged")]
    if failed:
        raise Broken("; ".join(failed))
    return {step["step"]: round(step["seconds"], 1) for step in steps if step["seconds"] > 1}


def _serve(stage: Stage, root: Path) -> None:
    """Kiosk and relay until a check-in came through."""
    running = []
    try:
        for what, user in (("run", "siperlu-kiosk"), ("relay", "siperlu-relay")):
            other = "siperlu-relay" if what == "run" else "siperlu-kiosk"
            begin = (
                f"install -d -o {user} /run/siperlu-kiosk; exec setpriv --reuid={user} --regid={user} --groups={other}"
            )
            act = f"{begin} {PROGRAM} kiosk {what} --config /etc/siperlu/kiosk.toml"
            with (stage.folder / f"arm64-{what}.log").open("wb") as log:
                line = [*stage.network.prefix, "chroot", str(root), "sh", "-euc", act]
                running.append(subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

        def came() -> bool:
            for process in running:
                if process.poll() is not None:
                    logs = (stage.folder / f"arm64-{what}.log" for what in ("run", "relay"))
                    raise Broken(" / ".join(log.read_text(errors="replace")[-1200:] for log in logs))
            return bool(stage.regency.rows(SEEN)[0][0])

        wait("a check-in made by aarch64 programs is in the centre's database", came, CHECK_IN_LIMIT_S)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _said(root: Path, script: str) -> str:
    line = ["chroot", str(root), "sh", "-euc", script]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise Broken(f"{script}: {done.stderr[-2000:]}")
    return done.stdout.strip()

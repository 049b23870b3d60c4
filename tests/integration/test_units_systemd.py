"""systemd's own word on the units: no complaint, little exposure, and the users and folders it makes of our files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.units import FOLDER, NAMES, ONCE

OLDEST = 250
LIMITS = {
    "kiosk": 20,
    "relay": 15,
    "ingest": 15,
    "jobs": 15,
    "web": 15,
    "screen": 25,
    "agent": 25,
    "broker-reload": 20,
    "backup": 25,
}
"""Exposure times ten, as promised."""


def _version() -> int:
    try:
        told = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        return 0
    return int(told.split()[1])


pytestmark = pytest.mark.skipif(
    _version() < OLDEST, reason=f"systemd-analyze {OLDEST} or newer is not installed: apt-get install systemd"
)


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every unit, with a program that is there on any machine in the place of ours, cage and Chromium."""
    folder = tmp_path_factory.mktemp("units")
    for path in (*FOLDER.glob("*.service"), *FOLDER.glob("*.target"), *FOLDER.glob("*.path"), *FOLDER.glob("*.timer")):
        (folder / path.name).write_text(re.sub(r"(?m)^(ExecStart=)\S+", r"\1/bin/true", path.read_text("utf-8")))
    return folder


def _analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60, check=False)


def test_systemd_has_nothing_to_say_about_any_unit(units: Path) -> None:
    """A misspelt key is only a message with exit status 0, so every message is a failure."""
    done = _analyze("verify", "--man=no", *map(str, sorted(units.iterdir())))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_misspelt_key_would_be_found(tmp_path: Path) -> None:
    unit = tmp_path / "x.service"
    unit.write_text("[Service]\nExecStart=/bin/true\nProtectHom=yes\n")
    assert "ProtectHom" in _analyze("verify", "--man=no", str(unit)).stderr


@pytest.mark.parametrize("name", [*NAMES, *ONCE])
def test_exposure_is_as_promised(units: Path, name: str) -> None:
    unit = units / f"siperlu-{name}.service"
    done = _analyze("security", "--offline=true", "--no-pager", f"--threshold={LIMITS[name]}", str(unit))
    assert done.returncode == 0, done.stdout
    assert not done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="making users in a folder needs root")
@pytest.mark.skipif(not shutil.which("systemd-sysusers"), reason="systemd-sysusers is not installed")
@pytest.mark.parametrize("place", ["kiosk", "centre"])
def test_sysusers_and_tmpfiles_make_what_they_name(tmp_path: Path, place: str) -> None:
    for kind in ("sysusers.d", "tmpfiles.d"):
        (tmp_path / "etc" / kind).mkdir(parents=True)
        shutil.copy(FOLDER / kind / f"siperlu-{place}.conf", tmp_path / "etc" / kind)
    for program in (["systemd-sysusers"], ["systemd-tmpfiles", "--create"]):
        done = subprocess.run([*program, f"--root={tmp_path}"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    users = {line.split(":")[0]: int(line.split(":")[2]) for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    folder, owner, mode = {
        "kiosk": ("kiosk", users.get("siperlu-kiosk"), 0o750),
        "centre": ("centre-keys/vault", 0, 0o750),
    }[place]
    found = (tmp_path / "var/lib/siperlu" / folder).stat()
    assert (found.st_uid, found.st_mode & 0o7777) == (owner, mode)
    assert all("/usr/sbin/nologin" in line for line in (tmp_path / "etc/passwd").read_text().splitlines())

"""A kiosk is in service when what runs is the release that the link names."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from provisioning.kiosk.checking import SAME_RELEASE
from provisioning.kiosk.plan import RUNS
from provisioning.kiosk.software import CURRENT
from provisioning.shell import LocalShell
from tests.fixtures.shims import Shims

PARTS = ("kiosk", "relay", "agent")
SYSTEMCTL = """
folder="{folder}"
for last; do :; done
case "$*" in
  *is-enabled*) test -e "$folder/enabled" ;;
  *is-active*) test -e "$folder/$last.pid" ;;
  *MainPID*) cat "$folder/$last.pid" 2>/dev/null || echo 0 ;;
esac
"""


class Wall:
    """A kiosk with two releases and real processes that were started from them."""

    def __init__(self, folder: Path, shims: Shims, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.current = folder / "current"
        for version in ("0.1.0", "0.1.1"):
            (folder / "releases" / version / "bin").mkdir(parents=True)
            shutil.copy("/bin/sleep", folder / "releases" / version / "bin/python3")
        (folder / "enabled").touch()
        shims.put("systemctl", SYSTEMCTL.format(folder=folder))
        self.link("0.1.0")
        for part in PARTS:
            self.begin(part, "0.1.0")

    def link(self, version: str) -> None:
        self.current.unlink(missing_ok=True)
        self.current.symlink_to(self.folder / "releases" / version)

    def begin(self, part: str, version: str) -> None:
        process = subprocess.Popen([str(self.folder / "releases" / version / "bin/python3"), "60"])
        self._stack.callback(process.wait, 10)
        self._stack.callback(process.kill)
        (self.folder / f"siperlu-{part}.pid").write_text(f"{process.pid}\n")

    @property
    def serves(self) -> bool:
        return LocalShell().run(RUNS, str(self.current)).code == 0

    @property
    def runs_one_release(self) -> bool:
        """As `siperlu provision check` looks."""
        return LocalShell().run(SAME_RELEASE.replace(CURRENT, str(self.current))).code == 0


@pytest.fixture
def wall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wall]:
    with ExitStack() as stack:
        yield Wall(tmp_path, Shims(tmp_path, monkeypatch), stack)


def test_all_three_from_the_current_release_are_in_service(wall: Wall) -> None:
    assert wall.serves


@pytest.mark.parametrize("part", PARTS)
def test_one_that_goes_on_in_the_old_release_is_not(wall: Wall, part: str) -> None:
    wall.link("0.1.1")
    for other in PARTS:
        wall.begin(other, "0.1.0" if other == part else "0.1.1")
    assert not wall.serves
    assert not wall.runs_one_release
    wall.begin(part, "0.1.1")
    assert wall.serves
    assert wall.runs_one_release


@pytest.mark.parametrize("part", PARTS)
def test_one_that_does_not_run_is_not(wall: Wall, part: str) -> None:
    (wall.folder / f"siperlu-{part}.pid").unlink()
    assert not wall.serves
    assert wall.runs_one_release, "that it does not run is another finding"


def test_a_release_whose_name_only_begins_alike_is_another(wall: Wall) -> None:
    longer = wall.folder / "releases" / "0.1.0rc1" / "bin"
    longer.mkdir(parents=True)
    shutil.copy("/bin/sleep", longer / "python3")
    wall.begin("agent", "0.1.0rc1")
    assert not wall.serves


def test_what_is_not_enabled_or_has_no_link_is_not(wall: Wall) -> None:
    (wall.folder / "enabled").unlink()
    assert not wall.serves
    (wall.folder / "enabled").touch()
    wall.current.unlink()
    assert not wall.serves

"""Sticks as the kernel shows them: which disks are sticks, how they are mounted, and what the wall is told."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware.signals import Signal
from kiosk.agent.notice import show, shown
from kiosk.agent.stick.devices import LinuxSticks
from kiosk.agent.stick.visits import Visits
from kiosk.settings import Folders, KioskSettings
from stick import NotMarkedError, StickError, mark

FAT = Path("/proc/filesystems")


def _disk(root: Path, name: str, *parts: str, removable: str = "1", usb: bool = True, seq: int = 1) -> None:
    """A disk as /sys shows it: a link to where it hangs."""
    home = root / "devices" / ("pci/usb1/1-1" if usb else "mmc0") / name
    for part in parts:
        (home / part).mkdir(parents=True)
        (home / part / "partition").write_text("1\n")
    home.mkdir(parents=True, exist_ok=True)
    for file, text in (("removable", removable), ("diskseq", str(seq)), ("size", "80000")):
        (home / file).write_text(f"{text}\n")
    (root / "block").mkdir(exist_ok=True)
    (root / "block" / name).symlink_to(home)


def test_only_removable_disks_on_usb_are_sticks(tmp_path: Path) -> None:
    _disk(tmp_path, "mmcblk0", "mmcblk0p1", "mmcblk0p2", usb=False)
    _disk(tmp_path, "sda", "sda1", removable="0")
    _disk(tmp_path, "sdb", "sdb1", "sdb2", seq=7)
    _disk(tmp_path, "sdc", seq=8)
    _disk(tmp_path, "sdd")
    (tmp_path / "block/sdd/size").write_text("0\n")
    sticks = LinuxSticks(tmp_path / "point", tmp_path / "block")
    assert sticks.present() == {"sdb1:7", "sdb2:7", "sdc:8"}
    assert LinuxSticks(tmp_path / "point", tmp_path / "none").present() == frozenset()


class FakeSticks:
    """Folders that stand for sticks."""

    def __init__(self) -> None:
        self.plugged: dict[str, Path] = {}
        self.mounts = 0
        self.during: Callable[[], None] = lambda: None
        self.stuck = False

    def present(self) -> frozenset[str]:
        return frozenset(self.plugged)

    @contextmanager
    def mounted(self, stick: str) -> Iterator[Path]:
        self.mounts += 1
        path = self.plugged[stick]
        if not (path / "SIPERLU-STICK.json").exists():
            raise NotMarkedError("not ours")
        self.during()
        yield path
        if self.stuck:
            raise StickError("umount: target is busy")


@pytest.fixture
def settings(tmp_path: Path) -> KioskSettings:
    folders = Folders(
        ledger=tmp_path / "kiosk", relay=tmp_path / "relay", agent=tmp_path / "agent", notice=tmp_path / "notice"
    )
    return KioskSettings(folders=folders)


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    mark(folder)
    return folder


def test_the_wall_says_wait_then_safe_until_it_is_pulled_out(settings: KioskSettings, marked: Path) -> None:
    sticks, seen = FakeSticks(), list[Signal | None]()
    sticks.during = lambda: seen.append(shown(settings.folders.notice))
    visits = Visits(settings, sticks)
    visits.look()
    assert shown(settings.folders.notice) is None
    sticks.plugged["sda1:1"] = marked
    visits.look()
    assert seen == [Signal.STICK_WAIT]
    assert shown(settings.folders.notice) is Signal.STICK_SAFE
    assert (marked / "from/kiosk-1/records.txt").exists()
    visits.look()
    assert sticks.mounts == 1, "once a stick, however long it stays"
    del sticks.plugged["sda1:1"]
    visits.look()
    assert shown(settings.folders.notice) is None
    sticks.plugged["sda1:2"] = marked
    visits.look()
    assert sticks.mounts == 2


@pytest.mark.parametrize("ours", ["sda1:1", "sda2:1"])
def test_what_else_is_on_a_stick_of_ours_does_not_have_it_refused(
    settings: KioskSettings, marked: Path, tmp_path: Path, ours: str
) -> None:
    sticks = FakeSticks()
    visits = Visits(settings, sticks)
    sticks.plugged = {"sda1:1": tmp_path / "boot", "sda2:1": tmp_path / "recovery", ours: marked}
    visits.look()
    assert shown(settings.folders.notice) is Signal.STICK_SAFE
    sticks.plugged = {name.replace(":1", ":2"): path for name, path in sticks.plugged.items()}
    sticks.stuck = True
    visits.look()
    assert shown(settings.folders.notice) is Signal.STICK_REFUSED, "of ours not all may be on it"


def test_the_wall_says_wait_for_as_long_as_a_slow_stick_takes(
    settings: KioskSettings, marked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sticks, seen = FakeSticks(), list[Signal | None]()
    begun = time.monotonic()

    def half_an_hour() -> None:
        with monkeypatch.context() as clock:
            clock.setattr(time, "monotonic", lambda: begun + 1800)
            seen.append(shown(settings.folders.notice))

    sticks.during, sticks.plugged = half_an_hour, {"sda1:1": marked}
    Visits(settings, sticks).look()
    assert seen == [Signal.STICK_WAIT]


def test_a_stick_that_was_pulled_out_while_the_agent_was_gone_is_not_waited_for(settings: KioskSettings) -> None:
    folder, sticks = settings.folders.notice, FakeSticks()
    show(folder, Signal.STICK_WAIT, 3600)
    Visits(settings, sticks).look()
    assert shown(folder) is None
    show(folder, Signal.IDENTIFY, 60)
    Visits(settings, sticks).look()
    assert shown(folder) is Signal.IDENTIFY, "nothing of a stick's"


def test_a_stick_that_is_not_ours_or_cannot_be_unmounted_is_refused(
    settings: KioskSettings, marked: Path, tmp_path: Path
) -> None:
    sticks = FakeSticks()
    visits = Visits(settings, sticks)
    sticks.plugged["sda1:1"] = tmp_path / "empty"
    visits.look()
    assert shown(settings.folders.notice) is Signal.STICK_REFUSED
    sticks.plugged = {"sda1:2": marked}
    sticks.stuck = True
    visits.look()
    assert shown(settings.folders.notice) is Signal.STICK_REFUSED


def test_a_stick_that_fails_in_a_way_nobody_thought_of_ends_no_agent(settings: KioskSettings, marked: Path) -> None:
    sticks = FakeSticks()

    def fails() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    sticks.during, sticks.plugged = fails, {"sda1:1": marked}
    visits = Visits(settings, sticks)
    visits.look()
    assert shown(settings.folders.notice) is Signal.STICK_REFUSED
    visits.look()
    assert sticks.mounts == 1, "an agent that was started anew would try it for ever"


def _kind() -> str:
    """A file system that this machine can make and mount: FAT as on a real stick, or what stands for it."""
    known = FAT.read_text("ascii").split()
    for kind in ("vfat", "ext4", "ext2"):
        if kind in known and shutil.which(f"mkfs.{kind}"):
            return kind
    return ""


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{words[0]} does not work here: {done.stderr.strip()}")
    return done.stdout.strip()


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Path]:
    """A block device with a fresh file system of the kind that `_kind` tells."""
    if os.geteuid() != 0 or not shutil.which("losetup"):
        pytest.skip("mounting needs root and losetup")
    if not _kind():
        pytest.skip("no file system of FAT or ext4 can be made and mounted here: apt-get install dosfstools e2fsprogs")
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(16 << 20)
    _run(f"mkfs.{_kind()}", *([] if _kind() == "vfat" else ["-q"]), str(image))
    device = _run("losetup", "-f", "--show", str(image))
    try:
        yield Path(device)
    finally:
        subprocess.run(["losetup", "-d", device], check=False)


def test_a_real_stick_is_written_only_after_its_marker_was_seen(loop: Path, tmp_path: Path) -> None:
    point = tmp_path / "point"
    sticks = LinuxSticks(point, dev=loop.parent, kinds=_kind())
    with pytest.raises(NotMarkedError), sticks.mounted(f"{loop.name}:1"):
        pytest.fail("it has no marker")
    point.mkdir(exist_ok=True)
    _run("mount", str(loop), str(point))
    mark(point)
    (point / "program").write_text("#!/bin/sh\nexit 0\n")
    (point / "program").chmod(0o755)
    _run("umount", str(point))
    with sticks.mounted(f"{loop.name}:1") as path:
        (path / "written").write_text("yes")
        (options,) = [line.split()[3] for line in Path("/proc/mounts").read_text().splitlines() if f" {path} " in line]
        assert {"rw", "noexec", "nosuid", "nodev", "nosymfollow"} <= set(options.split(","))
        with pytest.raises(PermissionError):
            subprocess.run([path / "program"], check=True)
    assert str(point) not in Path("/proc/mounts").read_text()
    with sticks.mounted(f"{loop.name}:1") as path:
        assert (path / "written").read_text() == "yes"


def test_a_device_that_is_no_file_system_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sda1").write_bytes(b"\0" * 4096)
    with pytest.raises(StickError), LinuxSticks(tmp_path / "point", dev=tmp_path).mounted("sda1:1"):
        pytest.fail("nothing was mounted")

"""What breaks on the way is named in plain words with its mend, leaves what ran before, and is finished by running again."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from provisioning.bundle import Bundle, write_bundle
from provisioning.bundle.reading import open_bundle
from provisioning.bundle.writing import Recipe, collected
from provisioning.errors import BundleError, ConnectionLost
from provisioning.kiosk import software
from provisioning.kiosk.clock import Clock
from provisioning.kiosk.software import Software
from provisioning.shell import LIMIT_S, Access, Done, LocalShell, Shell, SshShell
from provisioning.step import Outcome, Result, Step, run
from provisioning.steps import File, Files, Packages
from tests.fixtures.shims import Shims
from wire.seals import KeyName, Keyring, SealingKey

TARGET = "trixie-amd64"
KEY = SealingKey.generate(KeyName("release", 1))
VENV = """
case "$*" in
  *venv*) for last; do :; done; mkdir -p "$last/bin"; {more}
    printf '#!/bin/sh\\ntouch "%s/installed"\\n' "$last" > "$last/bin/pip"; cp "$last/bin/pip" "$last/bin/python"
    chmod +x "$last/bin/pip" "$last/bin/python" ;;
esac
"""


@pytest.fixture
def shims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shims:
    return Shims(tmp_path, monkeypatch)


def one(step: Step, shell: Shell | None = None) -> Result:
    (result,) = run([step], shell or LocalShell())
    return result


def finished(step: Step, shell: Shell | None = None) -> None:
    """Run again, it gets there; and again, there is nothing to do."""
    assert one(step, shell).outcome is Outcome.CHANGED
    assert one(step, shell).outcome is Outcome.UNCHANGED


class Drops(LocalShell):
    """A line that breaks while the first file is sent: half of it arrives, and nobody tells the other side."""

    def run(self, script: str, *words: str, given: bytes | Path = b"", limit_s: float = LIMIT_S) -> Done:
        if isinstance(given, Path):
            content = given.read_bytes()
            super().run(script, *words, given=content[: len(content) // 2], limit_s=limit_s)
            raise ConnectionLost(f"{self.name}: Connection closed by remote host")
        return super().run(script, *words, given=given, limit_s=limit_s)


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Software:
    """A release of version 1.1.0 to install, where 1.0.0 runs."""
    opt = tmp_path / "opt"
    (opt / "releases" / "1.0.0").mkdir(parents=True)
    (opt / "current").symlink_to(opt / "releases" / "1.0.0")
    monkeypatch.setattr(software, "RELEASES", str(opt / "releases"))
    monkeypatch.setattr(software, "CURRENT", str(opt / "current"))
    monkeypatch.setattr(software, "system_of", lambda _: TARGET)
    monkeypatch.setattr(software, "FLOOR", str(tmp_path / "floor"))
    return Software(bundle(tmp_path), Keyring([KEY.public]))


def bundle(folder: Path, version: str = "1.1.0", floor: str = "1.0.0", schema: int = 1) -> Bundle:
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "siperlu.whl").write_bytes(os.urandom(1 << 20))
    out = folder / f"siperlu-{version}.tar"
    recipe = Recipe(version, floor, datetime(2026, 1, 5, tzinfo=UTC), schema)
    write_bundle(out, recipe, collected([(source, f"wheels/{TARGET}", TARGET)]), KEY)
    return open_bundle(out, Keyring([KEY.public]))


def current(tmp_path: Path) -> str:
    return (tmp_path / "opt" / "current").readlink().name


def test_a_line_that_breaks_in_the_middle_of_the_software(tmp_path: Path, shims: Shims, release: Software) -> None:
    shims.put("python3", VENV.format(more=""))
    broken = one(release, Drops())
    assert broken.outcome is Outcome.FAILED
    assert broken.text.startswith("this machine: Connection closed by remote host")
    assert "what is half there is made anew" in broken.text
    assert current(tmp_path) == "1.0.0"
    finished(release)
    assert current(tmp_path) == "1.1.0"
    assert not (tmp_path / "opt/releases/1.1.0.partial").exists()


def test_a_power_cut_in_the_middle_of_the_installation(tmp_path: Path, shims: Shims, release: Software) -> None:
    shims.put("python3", VENV.format(more='kill -9 "$PPID"; exit 0;'))
    assert one(release).outcome is Outcome.FAILED
    assert current(tmp_path) == "1.0.0"
    shims.put("python3", VENV.format(more=""))
    finished(release)
    assert (tmp_path / "opt/current/installed").exists()


@pytest.mark.parametrize(
    ("runs", "floor", "says"),
    [
        ({"version": "2.0.0", "floor": "1.5.0"}, "", "version 1.1.0 is below 1.5.0"),
        ({"version": "1.2.0", "floor": "1.0.0"}, "1.2.0", "version 1.1.0 is below 1.2.0"),
        (
            {"version": "1.2.0", "floor": "1.0.0", "schema": 2},
            "1.0.0",
            "cannot read the databases that 1.2.0 has written",
        ),
        ({"version": "1.2.0", "floor": "1.0.0"}, "1.0.0", ""),
    ],
)
def test_an_old_bundle_at_hand_takes_no_kiosk_below_its_floor(  # noqa: PLR0917 - a table
    tmp_path: Path, shims: Shims, release: Software, runs: dict[str, Any], floor: str, says: str
) -> None:
    shims.put("python3", VENV.format(more=""))
    (tmp_path / "floor").write_text(floor)
    (tmp_path / "opt/current/release.jws").write_bytes(bundle(tmp_path, **runs).sealed)
    if not says:
        finished(release)
        return
    broken = one(release)
    assert says in broken.text
    assert current(tmp_path) == "1.0.0"


def test_pip_that_fails_is_repeated_in_its_own_words(tmp_path: Path, shims: Shims, release: Software) -> None:
    shims.put("python3", "echo 'ensurepip is not available' >&2; exit 1")
    broken = one(release)
    assert "exit status 1: ensurepip is not available. Is there room" in broken.text
    assert current(tmp_path) == "1.0.0"
    shims.put("python3", VENV.format(more=""))
    finished(release)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    place = tmp_path / "opt" / "releases"
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_named_and_room_mends_it(shims: Shims, release: Software, small_disk: Path) -> None:
    shims.put("python3", VENV.format(more=""))
    broken = one(release)
    assert f"no room: 0 MiB free below {small_disk}, needed are 260" in broken.text
    assert "Is there room on the disk (`df -h /opt`)?" in broken.text
    assert not list(small_disk.iterdir()), "nothing was begun"
    subprocess.run(["mount", "-o", "remount,size=300m", str(small_disk)], check=True)
    finished(release)


def test_a_full_disk_leaves_the_settings_that_were_there(tmp_path: Path, small_disk: Path) -> None:
    place = small_disk / "kiosk.toml"
    place.write_text("old")
    place.chmod(0o644)
    step = Files("settings", "Look at `df -h`.", [File(str(place), b"n" * (1 << 20))])
    broken = one(step)
    assert "No space left on device" in broken.text
    assert broken.text.endswith("Look at `df -h`.")
    assert [path.name for path in small_disk.iterdir()] == ["kiosk.toml"], "no draft eats the room that is left"
    assert place.read_text() == "old"


class Breaks(LocalShell):
    """A line that breaks when a certain script is to be run."""

    def __init__(self, script: str) -> None:
        self._script = script

    def run(self, script: str, *words: str, given: bytes | Path = b"", limit_s: float = LIMIT_S) -> Done:
        if script == self._script:
            raise ConnectionLost(f"{self.name}: Broken pipe")
        return super().run(script, *words, given=given, limit_s=limit_s)


def test_who_was_not_told_of_a_file_before_the_line_broke_is_told_when_it_is_run_again(tmp_path: Path) -> None:
    owner = f"{pwd.getpwuid(os.geteuid()).pw_name}:{grp.getgrgid(os.getegid()).gr_name}"
    file = File(str(tmp_path / "etc" / "ssh.conf"), b"no", "644", owner)
    step = Files("ssh rules", "", [file], after=f"echo told >> {tmp_path}/told")
    assert one(step, Breaks(step.after)).outcome is Outcome.FAILED
    assert (tmp_path / "etc/ssh.conf").read_bytes() == b"no"
    finished(step)
    assert (tmp_path / "told").read_text() == "told\n", "once"
    assert [path.name for path in (tmp_path / "etc").iterdir()] == ["ssh.conf"], "no mark is left"


def test_a_file_that_is_refused_is_refused_again_until_it_is_mended(tmp_path: Path) -> None:
    owner = f"{pwd.getpwuid(os.geteuid()).pw_name}:{grp.getgrgid(os.getegid()).gr_name}"
    file = File(str(tmp_path / "ssh.conf"), b"no", "644", owner)
    step = Files(
        "ssh",
        "Look at `sshd -t`.",
        [file],
        after=f"test -e {tmp_path}/good || {{ echo bad configuration >&2; exit 1; }}",
    )
    for _ in range(2):
        assert one(step).text == "exit status 1: bad configuration. Look at `sshd -t`."
    (tmp_path / "good").touch()
    finished(step)


PACKAGES = Packages("packages", "Is a Debian mirror reachable?", ("nftables",))
DPKG_QUERY = 'test -e "{mark}" && echo "install ok installed"'


@pytest.mark.parametrize(
    ("fails", "says"),
    [
        ("install", "E: Failed to fetch http://deb.debian.org/nftables.deb  Could not resolve 'deb.debian.org'"),
        ("install", "E: You don't have enough free space in /var/cache/apt/archives/."),
        ("update", "E: Release file for http://deb.debian.org is not valid yet (invalid for another 3d 2h)."),
        ("update", "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 412 (apt-get)"),
    ],
)
def test_apt_that_fails_is_repeated_in_its_own_words(tmp_path: Path, shims: Shims, fails: str, says: str) -> None:
    mark = tmp_path / "installed"
    shims.put("dpkg-query", DPKG_QUERY.format(mark=mark))
    shims.put("apt-get", f'case "$*" in *{fails}*) echo "{says}" >&2; exit 100 ;; esac')
    broken = one(PACKAGES)
    assert broken.text == f"exit status 100: {says}. Is a Debian mirror reachable?"
    shims.put("apt-get", f'case "$*" in *install*) touch "{mark}" ;; esac')
    finished(PACKAGES)


def test_what_a_power_cut_left_half_configured_is_finished_first(tmp_path: Path, shims: Shims) -> None:
    mark, cut = tmp_path / "installed", tmp_path / "cut"
    cut.touch()
    shims.put("dpkg-query", DPKG_QUERY.format(mark=mark))
    shims.put("apt-get", f'test -e "{cut}" && exit 100; case "$*" in *install*) touch "{mark}" ;; esac; true')
    shims.put("dpkg", f'rm "{cut}"')
    finished(PACKAGES)
    asked = [line.split(maxsplit=1)[0] for line in shims.asked if not line.startswith("dpkg-query")]
    assert asked == ["apt-get", "dpkg", "apt-get", "apt-get"]
    assert all("DPkg::Lock::Timeout=600" in line for line in shims.asked if line.startswith("apt-get"))


@dataclass
class Board:
    """A box whose clock and services are a file's."""

    shims: Shims
    folder: Path

    def reads(self, at: float, *, network: bool = False, serves: bool = False) -> None:
        place = self.folder / "clock"
        place.write_text(f"{int(at)}\n")
        self.shims.put(
            "date",
            f'case "$*" in *-s*) for last; do :; done; echo "${{last#@}}" > "{place}" ;; *) cat "{place}" ;; esac',
        )
        self.shims.put("timedatectl", f"echo {'yes' if network else 'no'}")
        self.shims.put("systemctl", "exit 0" if serves else "exit 3")
        self.shims.put("hwclock")


@pytest.fixture
def board(tmp_path: Path, shims: Shims) -> Board:
    return Board(shims, tmp_path)


@pytest.mark.parametrize("off_s", [-20 * 365 * 86400, -3600, 3600, 5 * 365 * 86400])
def test_a_wrong_clock_is_set_before_anything_needs_it(board: Board, off_s: int) -> None:
    board.reads(time.time() + off_s)
    finished(Clock())


@pytest.mark.parametrize(("off_s", "network"), [(-60, False), (60, False), (3600, True), (-86400, True)])
def test_a_clock_that_is_near_or_the_networks_is_left_alone(board: Board, off_s: int, network: bool) -> None:
    board.reads(time.time() + off_s, network=network)
    assert one(Clock()).outcome is Outcome.UNCHANGED


def test_the_clock_that_people_check_in_by_is_never_turned_from_outside(board: Board) -> None:
    board.reads(1_767_571_200, serves=True)
    broken = one(Clock())
    assert "its clock reads 05-01-2026 00:00 UTC and this machine's" in broken.text
    assert "people check in there" in broken.text
    assert (board.folder / "clock").read_text() == "1767571200\n"


def test_a_clock_that_cannot_be_set_is_named(board: Board) -> None:
    board.reads(0)
    board.shims.put(
        "date", 'case "$*" in *-s*) echo "cannot set date: Operation not permitted" >&2; exit 1 ;; *) echo 0 ;; esac'
    )
    assert "cannot set date: Operation not permitted. Is the clock of this machine right?" in one(Clock()).text


@pytest.mark.parametrize(
    ("says", "mend"),
    [
        ("Timeout, server 10.0.0.9 not responding.", "it goes on where it stopped"),
        ("Connection to 10.0.0.9 closed by remote host.", "it goes on where it stopped"),
        ("client_loop: send disconnect: Broken pipe", "it goes on where it stopped"),
        ("Read from remote host 10.0.0.9: Connection reset by peer", "it goes on where it stopped"),
        ("ssh: connect to host 10.0.0.9 port 22: Connection timed out", "is it on"),
        ("ssh: connect to host 10.0.0.9 port 22: No route to host", "is it on"),
        ("ssh: connect to host 10.0.0.9 port 22: Network is unreachable", "is this machine on its network?"),
        ("ssh: connect to host 10.0.0.9 port 22: Connection refused", "SSH is not on"),
        ("ssh: Could not resolve hostname kiosk-1: Name or service not known", "check the address"),
        ("root@10.0.0.9: Permission denied (publickey).", "put your public key on it"),
        ("Host key verification failed.", "look at the box"),
    ],
)
def test_a_line_that_is_cut_is_told_with_its_mend(shims: Shims, says: str, mend: str) -> None:
    shims.put("ssh", f'echo "{says}" >&2; exit 255')
    with SshShell(Access("10.0.0.9")) as shell:
        broken = one(PACKAGES, shell)
    assert broken.text.startswith(f"10.0.0.9: {says}; ")
    assert mend in broken.text


def test_a_shared_connection_that_breaks_without_a_word_is_told_all_the_same(shims: Shims) -> None:
    shims.put("ssh", "exit 255")
    with SshShell(Access("10.0.0.9")) as shell:
        assert one(PACKAGES, shell).text.startswith("10.0.0.9: the connection broke off: is it still on")


def test_a_line_cut_in_the_middle_stops_there_and_the_rest_is_not_tried(shims: Shims, tmp_path: Path) -> None:
    shims.put(
        "ssh",
        f'test -e "{tmp_path}/cut" && {{ echo "Broken pipe" >&2; exit 255; }}; for last; do :; done; sh -c "$last"',
    )
    steps: Sequence[Step] = [_touch(tmp_path, "first"), _touch(tmp_path, "cut", after=1), _touch(tmp_path, "third")]
    with SshShell(Access("10.0.0.9")) as shell:
        assert [each.outcome for each in run(steps, shell)] == [Outcome.CHANGED, Outcome.FAILED, Outcome.NOT_REACHED]
        (tmp_path / "cut").unlink()
        (tmp_path / "cut.done").touch()
        assert [each.outcome for each in run(steps, shell)] == [Outcome.UNCHANGED, Outcome.UNCHANGED, Outcome.CHANGED]


def _touch(folder: Path, name: str, after: int = 0) -> Step:
    from provisioning.steps import Script  # noqa: PLC0415

    place = f"{folder}/{name}"
    return Script(name, "Mend it.", f'test -e "{place}{".done" if after else ""}"', f'touch "{place}"')


def test_a_bundle_cut_short_on_the_technicians_disk_is_refused_before_any_box_is_touched(tmp_path: Path) -> None:
    whole = bundle(tmp_path).path
    short = tmp_path / "short.tar"
    short.write_bytes(whole.read_bytes()[:-700_000])
    with pytest.raises(BundleError, match=r"cannot be read to its end .*fetch it again"):
        open_bundle(short, Keyring([KEY.public]))

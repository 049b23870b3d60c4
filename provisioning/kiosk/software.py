"""The software: a release in a folder of its own, with its own environment, and a link that says which one runs."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from provisioning.bundle import Bundle
from provisioning.errors import StepFailed
from provisioning.shell import Shell, must
from provisioning.steps import File, Upload
from wire.errors import WireError
from wire.release import MANIFEST, Release, open_manifest, order
from wire.seals import Keyring, digest

RELEASES = "/opt/siperlu/releases"
CURRENT = "/opt/siperlu/current"
FLOOR = "/var/lib/siperlu/agent/floor"
"""What the agent keeps of the releases that proved good."""
PROGRAM = f"{CURRENT}/bin/siperlu"
ROOM = 256 << 20
"""Bytes that stay free: people's check-ins need them."""
INSTALLED = 4
"""What a release takes while it is installed, in sizes of its archive: packed, unpacked, compiled, and pip's own scratch."""

_SYSTEM = """
. /etc/os-release; printf '%s-%s %s' "${VERSION_CODENAME:-none}" "$(dpkg --print-architecture)" "${PRETTY_NAME:-an unknown system}"
"""
_FREE = 'rm -rf "$1"/*.partial; mkdir -p "$1"; df --output=avail -B1 "$1" | tail -1 | tr -dc 0-9'
_INSTALLED = 'test "$(readlink "$1")" = "$2" && test "$(cat "$2/.complete")" = "$3"'
_UNPACK = 'rm -rf "$1.partial"; mkdir -p "$1.partial/source"; tar -x -C "$1.partial/source" --no-same-owner --no-same-permissions'
_INSTALL = """
release=$1; mark=$2; current=$3; partial=$release.partial
rm -rf "$release"; mv "$partial" "$release"
python3 -m venv --system-site-packages "$release"
"$release/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps "$release"/source/wheels/*/*.whl
"$release/bin/python" -m compileall -q "$release"/lib/python3*/site-packages/kiosk >/dev/null || true
mv "$release/source/release.jws" "$release/release.jws"; rm -rf "$release/source"
sync -f "$release"; printf '%s' "$mark" > "$release/.complete"; sync -f "$release"
ln -sfn "$release" "$current.new"; mv -T "$current.new" "$current"; sync -f "$current"
"""


def system_of(shell: Shell) -> str:
    """The machine's system as releases name it. Raises StepFailed for one that none is made for."""
    found, _, name = must(shell, _SYSTEM).partition(" ")
    suite, _, arch = found.partition("-")
    if suite not in {"bookworm", "trixie"} or arch not in {"amd64", "arm64"}:
        raise StepFailed(
            f"it runs {name} ({found}); needed is Debian or Raspberry Pi OS 12 or 13, 64 bit: install that"
        )
    return found


@dataclass(frozen=True, slots=True)
class Software:
    """The release of a bundle, installed and current; the files of the machine's own system are sent, nothing else.

    `keys`: of releases, to read what runs there; without them only the agent's own floor is kept.
    """

    bundle: Bundle
    keys: Keyring = field(default_factory=lambda: Keyring([]))
    name: str = "software"
    mend: str = "Is there room on the disk (`df -h /opt`)? Run this again: what is half there is made anew."

    @property
    def folder(self) -> str:
        """Where this release lies."""
        return f"{RELEASES}/{self.bundle.release.version}"

    def done(self, shell: Shell) -> bool:
        """Whether this very release is whole and current."""
        return shell.run(_INSTALLED, CURRENT, self.folder, self._mark).code == 0

    def do(self, shell: Shell) -> None:
        """Send, unpack, install, switch. Raises StepFailed for one that is older than what may follow on what runs."""
        _may_follow(shell, self.bundle.release, self.keys)
        with tempfile.TemporaryDirectory() as scratch:
            archive = Path(scratch) / "release.tar"
            _packed(self.bundle, system_of(shell), Path(scratch) / "files", archive)
            _need_room(shell, INSTALLED * archive.stat().st_size)
            must(shell, _UNPACK, self.folder, given=archive, limit_s=3600)
        must(shell, _INSTALL, self.folder, self._mark, CURRENT)

    @property
    def _mark(self) -> str:
        return digest(self.bundle.sealed)


def _may_follow(shell: Shell, release: Release, keys: Keyring) -> None:
    """The agent's own rule: nobody goes below the floor, or to what cannot read the databases. Raises StepFailed."""
    floor, runs = shell.run('cat "$1" 2>/dev/null', FLOOR).out.strip(), _running(shell, keys)
    oldest = max(filter(None, (floor, runs.floor if runs else "")), key=order, default="0.0")
    if order(release.version) < order(oldest):
        raise StepFailed(
            f"version {release.version} is below {oldest}, the oldest that may still be installed there: take a newer bundle"
        )
    if runs is not None and release.schema < runs.schema:
        raise StepFailed(
            f"version {release.version} cannot read the databases that {runs.version} has written there: take a newer bundle"
        )


def _running(shell: Shell, keys: Keyring) -> Release | None:
    """What runs there; None for nothing, or what a key has sealed that is gone: with it a machine begins anew."""
    found = shell.run('cat "$1/$2" 2>/dev/null', CURRENT, MANIFEST)
    try:
        return open_manifest(found.out.strip().encode(), keys) if found.code == 0 else None
    except WireError:
        return None


def _need_room(shell: Shell, need: int) -> None:
    """Raises StepFailed when a release of that many bytes would fill the disk: tar and pip say it less plainly."""
    free = int(must(shell, _FREE, RELEASES))
    if free < need + ROOM:
        raise StepFailed(f"no room: {free >> 20} MiB free below {RELEASES}, needed are {(need + ROOM) >> 20}")


def laid_out(bundle: Bundle) -> Upload:
    """The step that lays a bundle where the agent looks for it."""
    path = f"/var/lib/siperlu/agent/bundles/siperlu-{bundle.release.version}.tar"
    with bundle.path.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    return Upload("bundle", "Is there room (`df -h /var/lib/siperlu`)?", bundle.path, path, found)


def units(bundle: Bundle, target: str, *, screen: bool) -> list[File]:
    """The units, users and folders of a kiosk, with where they go (systemd/README.md has the table)."""
    with tempfile.TemporaryDirectory() as scratch:
        bundle.unpack(target, Path(scratch))
        found = sorted(Path(scratch, "systemd").rglob("*"))
        return [
            File(place, path.read_bytes())
            for path in found
            if path.is_file() and (place := _place(path.relative_to(Path(scratch, "systemd")).as_posix()))
            if screen or path.name != "siperlu-screen.service"
        ]


_KIOSK = ("kiosk", "relay", "screen", "agent")
_FOLDERS = {
    "sysusers.d/siperlu-kiosk.conf": "/etc/sysusers.d/",
    "tmpfiles.d/siperlu-kiosk.conf": "/etc/tmpfiles.d/",
    "journald.conf.d/siperlu.conf": "/etc/systemd/journald.conf.d/",
    "system.conf.d/siperlu.conf": "/etc/systemd/system.conf.d/",
    "chromium/siperlu.json": "/etc/chromium/policies/managed/",
    "siperlu.target": "/etc/systemd/system/",
    **{f"siperlu-{name}.service": "/etc/systemd/system/" for name in _KIOSK},
}


def _place(name: str) -> str | None:
    folder = _FOLDERS.get(name)
    return None if folder is None else folder + name.rpartition("/")[2]


def _packed(bundle: Bundle, target: str, folder: Path, archive: Path) -> None:
    bundle.unpack(target, folder)
    with tarfile.open(archive, "w:", format=tarfile.GNU_FORMAT) as packed:
        for name in [MANIFEST, *(file.path for file in bundle.release.of(target) if file.path.startswith("wheels/"))]:
            packed.add(folder / name, name)

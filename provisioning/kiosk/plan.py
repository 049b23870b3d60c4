"""The steps of a kiosk, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firmware.boot import CMDLINE, block, cmdline, config_parts, lines, words
from firmware.lights import Pins
from provisioning.errors import StepFailed
from provisioning.kiosk.clock import Clock
from provisioning.kiosk.registering import Registration, answer_on
from provisioning.kiosk.software import CURRENT, PROGRAM, Software, system_of, units
from provisioning.kiosk.usb import Usb
from provisioning.kiosk.wish import Wish
from provisioning.shell import Shell, must
from provisioning.step import Step
from provisioning.steps import File, Files, Packages, Script
from wire.jwks import KEY_SET

NEEDED = ("python3-venv", "openssl", "nftables", "systemd-timesyncd", "libgomp1", "ca-certificates")
SCREEN = ("cage", "xwayland", "seatd", "chromium")
PI = ("python3-picamera2", "python3-lgpio", "python3-libcamera", "overlayroot")
"""Only in Raspberry Pi OS; plain Debian has none of them, and there the camera is one on USB."""

FIREWALL = """#!/usr/sbin/nft -f
# Nothing comes in but SSH for IT, what belongs to a connection of ours, and what a network needs to work.
flush ruleset
table inet siperlu {
  chain input {
    type filter hook input priority filter; policy drop;
    iif lo accept
    ct state established,related accept
    ct state invalid drop
    meta l4proto { icmp, icmpv6 } accept
    udp dport { 68, 546 } accept
    tcp dport 22 ct state new limit rate over 30/minute burst 30 packets drop
    tcp dport 22 accept
  }
  chain forward { type filter hook forward priority filter; policy drop; }
}
"""
SSH = """# Keys alone, nobody's password; no forwarding through a box on a wall.
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowAgentForwarding no
AllowTcpForwarding no
X11Forwarding no
MaxAuthTries 3
LoginGraceTime 30
"""


def plan(wish: Wish) -> list[Step]:
    """All steps from a fresh system to a kiosk in service. Raises InventoryError."""
    wish.check()
    return [
        KnownSystem(),
        Clock(),
        Packages(
            "packages", "Is a Debian mirror reachable? `apt-get update` on it says what is wrong.", *_packages(wish)
        ),
        Software(wish.bundle, KEY_SET.decode(wish.release_keys).keyring()),
        Units(wish),
        _weights(),
        Registration(wish),
        Settings(wish),
        Files("release keys", "", [File("/etc/siperlu/release.json", wish.release_keys)]),
        _time(),
        *_firewall(),
        Files(
            "ssh",
            "Look at `sshd -t` on it.",
            [File("/etc/ssh/sshd_config.d/10-siperlu.conf", SSH.encode())],
            "sshd -t && systemctl reload ssh",
        ),
        Usb(wish.usb),
        Boot(),
        Started(),
        SelfTest(),
        Connected(),
    ]


def _packages(wish: Wish) -> tuple[Sequence[str], Sequence[str]]:
    return (*NEEDED, *(SCREEN if wish.screen else ())), PI


@dataclass(frozen=True, slots=True)
class KnownSystem:
    """The system is one that releases are made for. Nothing is changed here."""

    name: str = "system"
    mend: str = "Write a fresh Raspberry Pi OS Lite (64 bit) to the card."

    def done(self, shell: Shell) -> bool:
        """Raises StepFailed for another system."""
        return bool(system_of(shell))

    def do(self, shell: Shell) -> None:
        """Nothing: a system is not changed into another."""


@dataclass(frozen=True, slots=True)
class Units:
    """Units, users and folders, as the release has them."""

    wish: Wish
    name: str = "units"
    mend: str = "`journalctl -b` on it says why; then run this again."

    def done(self, shell: Shell) -> bool:
        """Whether every file is so."""
        return self._files(shell).done(shell)

    def do(self, shell: Shell) -> None:
        """Write them, make users and folders, have systemd read anew."""
        self._files(shell).do(shell)

    def _files(self, shell: Shell) -> Files:
        after = (
            "systemd-sysusers; systemd-tmpfiles --create /etc/tmpfiles.d/siperlu-kiosk.conf; systemctl daemon-reload"
        )
        return Files(self.name, self.mend, units(self.wish.bundle, system_of(shell), screen=self.wish.screen), after)


@dataclass(frozen=True, slots=True)
class Settings:
    """The kiosk's settings, the broker's address as the centre gave it."""

    wish: Wish
    name: str = "settings"
    mend: str = "Run this again."

    def done(self, shell: Shell) -> bool:
        """Whether the file is so."""
        return answer_on(shell) is not None and self._files(shell).done(shell)

    def do(self, shell: Shell) -> None:
        """Write it; what runs is started anew."""
        self._files(shell).do(shell)

    def _files(self, shell: Shell) -> Files:
        content = self.wish.toml(answer_on(shell))
        after = "systemctl try-restart siperlu-kiosk.service siperlu-relay.service"
        return Files(self.name, self.mend, [File("/etc/siperlu/kiosk.toml", content)], after)


def _weights() -> Step:
    weights = "/var/lib/siperlu/weights"
    ready = (
        f'for f in dlib-resnet-v1.onnx shape_predictor_5_face_landmarks.dat; do test -s "{weights}/$f" || exit 1; done'
    )
    return Script(
        "models",
        "Run this again; they are made from a package of the release.",
        ready,
        f"{PROGRAM} models build --to {weights}",
    )


def _time() -> Step:
    unit = "systemd-timesyncd"
    # A container has its host's clock: there the unit is enabled and its own condition keeps it from running.
    runs = f'systemctl -q is-active {unit} || test "$(systemctl show -P ConditionResult {unit})" = no'
    check = f"systemctl -q is-enabled {unit} && {{ {runs}; }}"
    return Script(
        "time", "`systemctl status systemd-timesyncd` says why.", check, "systemctl enable --now systemd-timesyncd"
    )


def _firewall() -> list[Step]:
    written = Files(
        "firewall rules",
        "Look at `nft -c -f /etc/nftables.conf`.",
        [File("/etc/nftables.conf", FIREWALL.encode(), "755")],
        "nft -c -f /etc/nftables.conf && systemctl restart nftables",
    )
    check = "systemctl -q is-enabled nftables && nft list table inet siperlu >/dev/null 2>&1"
    return [
        written,
        Script(
            "firewall",
            "`systemctl status nftables` says why.",
            check,
            "systemctl enable nftables; systemctl restart nftables",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Boot:
    """A Raspberry Pi's boot files, where there are any; they hold from the next start on."""

    name: str = "boot"
    mend: str = "Is /boot/firmware mounted and writable?"

    def done(self, shell: Shell) -> bool:
        """Whether both files hold our parts, or there are none."""
        return all(file.content == before for file, before in self._wanted(shell))

    def do(self, shell: Shell) -> None:
        """Write what differs."""
        for file, before in self._wanted(shell):
            if file.content != before:
                must(
                    shell,
                    'cat > "$1.siperlu"; sync "$1.siperlu"; mv -f "$1.siperlu" "$1"; sync -f "$1"',
                    file.path,
                    given=file.content,
                )

    @staticmethod
    def _wanted(shell: Shell) -> list[tuple[File, bytes]]:
        """The files as they should be and as they are. The root becomes read-only only by the technician's own word."""
        found: list[tuple[File, bytes]] = []
        writable = [part for part in CMDLINE if part.name != "read-only-root"]
        for path in ("/boot/firmware/config.txt", "/boot/firmware/cmdline.txt"):
            there = shell.run('cat "$1" 2>/dev/null', path)
            if there.code:
                continue
            config = path.endswith("config.txt")
            wanted = (
                block.merge(there.out, lines(config_parts(Pins(17, 27, 22, None))), "[all]")
                if config
                else cmdline.merge(there.out, words(writable))
            )
            found.append((File(path, wanted.encode()), there.out.encode()))
        return found


RUNS = """
systemctl -q is-enabled siperlu.target || exit 1
release=$(readlink "$1") || exit 1
for part in kiosk relay agent; do
  systemctl -q is-active "siperlu-$part" || exit 1
  begun=$(tr '\\0' ' ' < "/proc/$(systemctl show -P MainPID "siperlu-$part")/cmdline") || exit 1
  case $begun in "$release"/*) ;; *) exit 1 ;; esac
done
"""
"""A program goes on in the release that it was started from, whatever the link names since."""


@dataclass(frozen=True, slots=True)
class Started:
    """Kiosk, relay and agent run from the current release, and will after every start."""

    name: str = "service"
    mend: str = "`systemctl status siperlu-kiosk siperlu-relay siperlu-agent` on it says why."

    def done(self, shell: Shell) -> bool:
        """Whether they run, from this release, and are enabled."""
        return shell.run(RUNS, CURRENT).code == 0

    def do(self, shell: Shell) -> None:
        """Enable and start them; they tell when they are ready."""
        must(
            shell,
            "systemctl enable siperlu.target; systemctl restart siperlu-kiosk siperlu-relay siperlu-agent; systemctl start siperlu.target",
            limit_s=400,
        )


LATER = ("FAIL  roster", "FAIL  clock", "FAIL  camera")
"""Roster and time come from centre and network; the camera is the kiosk's own while it runs, and is asked of it."""
SEES = """
systemctl -q is-active siperlu-kiosk || exit 1
for i in $(seq 30); do
  at=$(stat -c %Y /run/siperlu-kiosk/last-frame 2>/dev/null || echo 0)
  test $(( $(date +%s) - at )) -lt 90 && exit 0
  sleep 1
done
exit 1
"""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Every part of the kiosk works, but for the roster and the time, which come from the centre and the network."""

    name: str = "self-test"
    mend: str = "`siperlu provision check` says what to do about each."

    def done(self, shell: Shell) -> bool:
        """Raises StepFailed that names every part that does not work."""
        found = shell.run(f"{PROGRAM} kiosk check --config /etc/siperlu/kiosk.toml")
        wrong = [line for line in (found.out + found.err).splitlines() if line.startswith("FAIL")]
        ours = [line[6:] for line in wrong if not line.startswith(LATER)]
        if shell.run(SEES).code:
            ours.append("camera: the kiosk has had no picture for a minute and a half")
        if ours or (found.code and not wrong):
            raise StepFailed("; ".join(ours) or found.err.strip()[-400:])
        return True

    def do(self, shell: Shell) -> None:
        """Nothing: it only looks."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The relay has reached the broker with the kiosk's own certificate."""

    name: str = "connection"
    mend: str = "Is the broker's port open from here (`journalctl -u siperlu-relay`)? It goes on trying by itself."

    def done(self, shell: Shell) -> bool:
        """Whether it is online within half a minute."""
        look = f"systemctl -q is-active siperlu-relay || exit 1; for i in $(seq 30); do {PROGRAM} kiosk status --config /etc/siperlu/kiosk.toml --json 2>/dev/null | grep -q '\"online\": true' && exit 0; sleep 1; done; exit 1"
        return shell.run(look).code == 0

    def do(self, shell: Shell) -> None:
        """Start the relay anew."""
        must(shell, "systemctl restart siperlu-relay")

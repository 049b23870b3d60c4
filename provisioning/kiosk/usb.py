"""What may be plugged into a kiosk: storage, hubs and cameras. Anything else stays without a driver, keyboards above all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from provisioning.errors import StepFailed
from provisioning.shell import Shell, must
from provisioning.steps import File, Files

PLACE = "/etc/udev/rules.d/40-siperlu-usb.rules"
OWN = ("0424:ec00", "0424:7800")
"""The Ethernet of a Raspberry Pi 3B (LAN9514) and 3B+ (LAN7515) itself hangs on USB."""
ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")

_HEAD = """\
# USB at a kiosk, written by `siperlu provision`. Undo: remove this file and restart.
SUBSYSTEM!="usb", GOTO="siperlu_usb_end"
ACTION!="add", GOTO="siperlu_usb_end"
# From now on the kernel gives no interface of this hub a driver by itself: a keyboard has no time to type before it is refused.
ENV{DEVTYPE}=="usb_device", TEST=="interface_authorized_default", ATTR{interface_authorized_default}="0"
ENV{DEVTYPE}!="usb_interface", GOTO="siperlu_usb_end"
# INTERFACE is class/subclass/protocol, decimal: 8 storage, 9 hub, 14 video.
ENV{INTERFACE}=="8/*|9/*|14/*", GOTO="siperlu_usb_let"
"""
_LET = 'ENV{{PRODUCT}}=="{vendor:x}/{product:x}/*", GOTO="siperlu_usb_let"\n'
_TAIL = """\
ATTR{authorized}="0"
GOTO="siperlu_usb_end"
LABEL="siperlu_usb_let"
ATTR{authorized}!="1", ATTR{authorized}="1", RUN+="/bin/sh -c 'echo %k > /sys/bus/usb/drivers_probe'"
LABEL="siperlu_usb_end"
"""
_NETWORK = """
for port in /sys/class/net/*; do
  device=$(readlink -f "$port/device") || continue
  case $device in */usb[0-9]*) ;; *) continue ;; esac
  test "$(cat "$port/operstate")" = up || continue
  printf '%s:%s\\n' "$(cat "$device/../idVendor")" "$(cat "$device/../idProduct")"
done
"""
"""USB devices that a network in use hangs on."""
_AFTER = """
systemctl -q is-active systemd-udevd || exit 0  # a container has its host's devices
udevadm control --reload; udevadm trigger --action=add --subsystem-match=usb; udevadm settle --timeout=30
"""


def rules(allowed: Sequence[str] = ()) -> str:
    """Udev's rules. `allowed`: further devices as vendor:product, four hexadecimal digits each, as `lsusb` shows them."""
    ids = [(int(one[:4], 16), int(one[5:], 16)) for one in (*OWN, *allowed)]
    return _HEAD + "".join(_LET.format(vendor=vendor, product=product) for vendor, product in ids) + _TAIL


@dataclass(frozen=True, slots=True)
class Usb:
    """USB is closed but for what a kiosk needs. `allowed`: as of `rules`."""

    allowed: Sequence[str] = ()
    name: str = "usb"
    mend: str = "`lsusb` and `journalctl -b -u systemd-udevd` on it say what is plugged in."

    def done(self, shell: Shell) -> bool:
        """Whether the rules are so."""
        return self._files.done(shell)

    def do(self, shell: Shell) -> None:
        """Write them; they hold at once. Raises StepFailed when they would cut the network that this comes by."""
        for device in must(shell, _NETWORK).split():
            if device not in {*OWN, *self.allowed}:
                raise StepFailed(
                    f"its network hangs on the USB device {device}, which would be refused: say --allow-usb {device}"
                )
        self._files.do(shell)

    @property
    def _files(self) -> Files:
        return Files(self.name, self.mend, [File(PLACE, rules(self.allowed).encode())], _AFTER)

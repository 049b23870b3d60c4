"""Part `pi3`: QEMU's Raspberry Pi 3B with Debian's arm64 kernel: the pin chip of the board itself, its memory, and no clock chip.

No whole kiosk is run here: an emulated core of it needs most of a minute for one picture. `firmware/` and gpiozero are, as they are.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.appliance.machine import Machine, NotRun, emulator
from tests.e2e.appliance.stage import LIGHTS, Stage
from tests.fixtures.containers import CHECKOUT, Broken, Network
from tests.fixtures.releases import kept_wheels, own_wheels

PINS = [LIGHTS[name] for name in ("red", "green", "blue", "buzzer")]
RED, GREEN, YELLOW, BUZZER = PINS
PROBE = Path(__file__).with_name("board_probe.py")
TREE = "usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-b.dtb"
REVISION = "a02082"
"""A Raspberry Pi 3B of 1 GB; the firmware of a real one writes it into the device tree, as it does the serial number."""


class Pi3(Machine):
    """The board as QEMU has it: four cores, 1 GB, its own pins, an SD card, a network on USB."""

    arch = "arm64"
    boot_limit_s = 1500

    def line(self) -> list[str]:
        """How it is started."""
        net = f"tap,id=n0,ifname={self.tap},script=no,downscript=no"
        append = "root=/dev/mmcblk0 rw rootwait console=ttyAMA0,115200 console=ttyS1,115200"
        return [
            *(*self.network.prefix, *emulator("qemu-system-aarch64"), "-M", "raspi3b", "-accel", "tcg,thread=multi"),
            *("-display", "none", "-kernel", str(self.base / "vmlinuz"), "-initrd", str(self.base / "initrd.img")),
            *("-dtb", str(_tree(self.base, self.folder)), "-append", append),
            *("-drive", f"if=sd,file={self.disk},format=qcow2", "-netdev", net, "-device", "usb-net,netdev=n0"),
            *("-serial", f"file:{self.folder / 'console.log'}", "-serial", f"file:{self.folder / 'console1.log'}"),
        ]


def pi3(stage: Stage) -> dict[str, Any]:
    """Every light on the board's own pin chip, by the board's own revision; and a clock that says that nobody vouches for it."""
    with Network("siperlu-b") as network:
        machine = Pi3(stage.folder / "pi3", network)
        try:
            boot_s = machine.start()
            _bring(machine, stage.folder / "pi3-wheels")
            words = " ".join(map(str, PINS))
            path = "/srv/probe:$(echo /srv/probe/*.whl | tr ' ' ':')"
            told = machine.run(f"cd /srv && PYTHONPATH={path} python3 /srv/probe/board_probe.py {words}", limit_s=600)
            memory_mb = int(machine.run("awk '/MemTotal/ {print $2}' /proc/meminfo")) // 1024
        except Broken as error:
            raise Broken(f"{error}; console: {machine.console()[-600:]}") from error
        finally:
            machine.close()
    found: dict[str, Any] = {**json.loads(told.splitlines()[-1]), "boot_s": round(boot_s), "memory_mb": memory_mb}
    wanted = {
        "chip": [54, "gpiochip0", "pinctrl-bcm2835"],
        "factory": "LGPIOFactory",
        "revision": REVISION,
        "held": sorted(PINS),
        "after": {},
        "rtc": [],
    }
    wrong = [f"{name}: {found[name]}, not {value}" for name, value in wanted.items() if found[name] != value]
    lit = {"idle": {YELLOW}, "recorded": {GREEN, BUZZER}, "not-recognised": {RED, BUZZER}}
    wrong += [f"{name} lit {found['shown'][name]}" for name, pins in lit.items() if set(found["shown"][name]) != pins]
    if (found["clock"]["source"], found["clock"]["error_ms"]) != ("none", None):
        wrong.append(f"the clock claims to be known: {found['clock']}")
    if wrong:
        raise Broken("; ".join(wrong))
    return found


def _bring(machine: Machine, wheels: Path) -> None:
    """`firmware/`, and the wheels of gpiozero that a release has; pure Python, imported from where they are."""
    try:
        kept = kept_wheels(own_wheels(wheels), "kiosk", "trixie-arm64")
    except pytest.skip.Exception as error:
        raise NotRun(str(error)) from error
    names = [path.name for pattern in ("gpiozero-*", "colorzero-*") for path in kept.glob(pattern)]
    line = ["tar", "-c", "-C", str(CHECKOUT), "firmware", "-C", str(PROBE.parent), PROBE.name, "-C", str(kept), *names]
    packed = subprocess.run(line, capture_output=True, check=True).stdout
    machine.run("mkdir -p /srv/probe; tar -x -C /srv/probe --no-same-owner", given=packed)


def _tree(base: Path, folder: Path) -> Path:
    """The board's device tree with what a real one's firmware adds to it."""
    tree = folder / "board.dtb"
    (there,) = (base / "root").glob(TREE)
    shutil.copy(there, tree)
    for words in (
        ["-c", str(tree), "/system"],
        ["-t", "x", str(tree), "/system", "linux,revision", REVISION],
        ["-t", "s", str(tree), "/", "serial-number", "0000000012345678"],
    ):
        subprocess.run([*emulator("fdtput"), *words], check=True)
    return tree

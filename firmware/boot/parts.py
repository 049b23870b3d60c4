"""The parts themselves: what each line does, and why it is there. Undoing a part is merging without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from firmware.lights import Pins

ClockChip = Literal["ds3231", "pi5", "none"]
"""A DS3231 on I2C; the Raspberry Pi 5's own with its battery; or none, and then the time is untrusted until NTP answers."""


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of `config.txt` or `fstab`, or words of `cmdline.txt`, that belong together. `why`: one sentence without a line break."""

    name: str
    why: str
    entries: tuple[str, ...]


def config_parts(pins: Pins | None = None, chip: ClockChip = "ds3231") -> tuple[Part, ...]:
    """The parts of `config.txt`. `pins`: of the lights, None for a kiosk without."""
    return (*_CONFIG, *_CHIPS[chip], *(() if pins is None else (_lights(pins),)))


def _lights(pins: Pins) -> Part:
    dark = [pins.green, pins.third, *([] if pins.buzzer is None else [pins.buzzer])]
    return Part(
        "lights",
        "From power-on until the kiosk runs the red light stands still and nothing sounds: nobody takes a dark box for a ready one.",
        (f"gpio={pins.red}=op,dh", f"gpio={','.join(map(str, dark))}=op,dl"),
    )


_CONFIG = (
    Part("camera", "The camera on the ribbon is found by itself.", ("camera_auto_detect=1",)),
    Part("watchdog", "The board restarts when kernel or service manager hang.", ("dtparam=watchdog=on",)),
    Part("quiet", "No rainbow and no wait at power-on.", ("disable_splash=1", "boot_delay=0")),
    Part("serial", "Nobody logs in on the pins of the board.", ("enable_uart=0",)),
    Part("radio", "Bluetooth is never used, so it is off.", ("dtoverlay=disable-bt",)),
)

_CHIPS: dict[ClockChip, tuple[Part, ...]] = {
    "ds3231": (Part("clock", "The time outlasts a power cut.", ("dtparam=i2c_arm=on", "dtoverlay=i2c-rtc,ds3231")),),
    "pi5": (
        Part(
            "clock",
            "The board's own clock outlasts a power cut; its rechargeable battery is charged to 3 V.",
            ("dtparam=rtc_bbat_vchg=3000000",),
        ),
    ),
    "none": (),
}

CMDLINE = (
    Part(
        "quiet",
        "The wall shows no text of the kernel.",
        ("quiet", "loglevel=3", "vt.global_cursor_default=0", "logo.nologo"),
    ),
    Part("awake", "The wall never goes dark by itself.", ("consoleblank=0",)),
    Part("panic", "A kernel that panics starts again after ten seconds.", ("panic=10",)),
    Part("repair", "A disk that a power cut left unclean is mended without a question.", ("fsck.repair=yes",)),
    Part(
        "limits",
        "Raspberry Pi OS boots without memory control, by which a leaking process is held.",
        ("cgroup_enable=memory",),
    ),
    Part(
        "keys",
        "A keyboard at the wall neither restarts the board nor speaks to the kernel, also while the screen is starting.",
        ("sysctl.kernel.sysrq=0", "systemd.mask=ctrl-alt-del.target"),
    ),
    Part("no-swap", "Swapping wears the card out.", ("systemd.swap=0", "systemd.mask=dphys-swapfile.service")),
    Part(
        "read-only-root",
        "The system's partition is never written: changes live in memory until the power goes. Other partitions stay as they are.",
        ("overlayroot=tmpfs:recurse=0",),
    ),
)

_SAFE = "ext4 noatime,nosuid,nodev,errors=remount-ro,commit=5,x-systemd.device-timeout=30s"

FSTAB = (
    Part(
        "data",
        "Ledger, rosters, keys: a journalled file system with barriers, from which nothing can be run.",
        (f"LABEL=siperlu-data /var/lib/siperlu {_SAFE},noexec 0 2",),
    ),
    Part(
        "releases",
        "The program, two releases of it: on a partition of its own, for the data's lets nothing run.",
        (f"LABEL=siperlu-soft /opt/siperlu {_SAFE} 0 2",),
    ),
    Part(
        "settings",
        "Settings and certificates are renewed, so they are kept with the data.",
        ("/var/lib/siperlu/etc /etc/siperlu none bind,x-systemd.requires-mounts-for=/var/lib/siperlu 0 0",),
    ),
)


def lines(parts: Iterable[Part]) -> tuple[str, ...]:
    """What goes into a file of lines, each part under its reason."""
    return tuple(line for part in parts for line in (f"# {part.name}: {part.why}", *part.entries))


def words(parts: Iterable[Part]) -> tuple[str, ...]:
    """What goes into `cmdline.txt`."""
    return tuple(word for part in parts for word in part.entries)

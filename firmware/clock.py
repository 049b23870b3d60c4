"""What time it is, and how well that is known."""

from __future__ import annotations

import ctypes
import functools
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

ClockSource = Literal["ntp", "rtc", "none"]

STA_UNSYNC = 0x0040  # linux/timex.h: the kernel's clock is not disciplined by NTP
APART_NS = 20_000_000
TRIES = 5
"""Two clocks read 20 ms or more apart are read again, so often at most."""

PLAUSIBLE = datetime(2026, 1, 1, tzinfo=UTC)
"""No kiosk ran before this day: an earlier clock was never set, whatever chip it came from."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
CLOCK_CHIPS = Path("/sys/class/rtc")


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the clock. `at`: UTC; `error_ms`: largest error its source vouches for, None when nobody vouches;
    `boot`: the kernel's boot id; `monotonic_ns`: since that boot, suspended time included, never stepping."""

    at: datetime
    source: ClockSource
    error_ms: int | None
    boot: str
    monotonic_ns: int


def monotonic_ns() -> int:
    """Nanoseconds since boot, suspended time included; never steps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def read() -> Reading:
    """Read the clock; needs no privilege and never fails."""
    now, ticks_ns = _together()
    source, error_ms = judge(_kernel_error_us(), _set_by_chip(CLOCK_CHIPS), now)
    return Reading(now, source, error_ms, _boot(), ticks_ns)


def _together() -> tuple[datetime, int]:
    """Wall clock and monotonic clock of one moment: a thread that had to wait between the two would see a step."""
    for _ in range(TRIES):
        before_ns, now, after_ns = monotonic_ns(), datetime.now(UTC), monotonic_ns()
        if after_ns - before_ns < APART_NS:
            break
    return now, after_ns


def judge(ntp_error_us: int | None, set_by_chip: bool, now: datetime) -> tuple[ClockSource, int | None]:
    """Source and its error in ms. `ntp_error_us`: the kernel's bound while NTP disciplines it, else None;
    `set_by_chip`: the clock was set from a real-time clock at boot."""
    if ntp_error_us is not None:
        return "ntp", -(-ntp_error_us // 1000)
    if set_by_chip and now >= PLAUSIBLE:
        return "rtc", None
    return "none", None


class _Timex(ctypes.Structure):
    """`struct timex` up to what is read, and room for the rest (adjtimex(2): 208 bytes on 64-bit Linux)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def _kernel_error_us() -> int | None:
    """The kernel's largest error in µs, None while nothing disciplines its clock."""
    timex = _Timex(modes=0)
    if _libc().adjtimex(ctypes.byref(timex)) < 0 or timex.status & STA_UNSYNC:
        return None
    return int(timex.maxerror)


def _set_by_chip(chips: Path) -> bool:
    """Whether the kernel set its clock from a real-time clock (`hctosys`)."""
    try:
        return any(_says_one(chip / "hctosys") for chip in chips.iterdir())
    except OSError:
        return False


def _says_one(path: Path) -> bool:
    try:
        return path.read_text(encoding="ascii").strip() == "1"
    except OSError:
        return False


@functools.cache
def _boot() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return f"no-boot-id-{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Turn:
    """The clock was turned: `learnt` when a trusted time came with it. `offset_ms`: true minus believed until then for
    a learnt time, new minus old for a step."""

    learnt: bool
    offset_ms: int


STEP_MS = 500
"""A clock that NTP slews moves by at most 0.5 ms a second (adjtimex(2)); half a second between two looks is a step."""


class ClockWatch:
    """Finds turns in a series of readings of one boot: the wall clock compared with the monotonic one."""

    def __init__(self, first: Reading) -> None:
        self._last = first
        self._believed = _lead(first)

    def see(self, reading: Reading) -> Turn | None:
        """What happened to the clock since the reading before this one; None when it just ran on."""
        last, self._last = self._last, reading
        if reading.source == "ntp" and last.source != "ntp":
            return Turn(True, _ms(_lead(reading) - self._believed))
        if last.source == "ntp":
            self._believed = _lead(reading)
        step_ms = _ms(_lead(reading) - _lead(last))
        return Turn(False, step_ms) if abs(step_ms) > STEP_MS else None


def _lead(reading: Reading) -> timedelta:
    """Wall clock minus monotonic clock."""
    return reading.at - PLAUSIBLE - timedelta(microseconds=reading.monotonic_ns // 1000)


def _ms(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))

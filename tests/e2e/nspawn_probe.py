"""Tries what a process under a unit's sandbox must not, and what it must be able to do; one JSON object tells how each ended.

Run inside of a container by `tests.e2e.nspawn_campaign`, with nothing but Python's own library.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

CLONE_NEWUSER = 0x10000000


def _unshare() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")


def _adjtimex() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.adjtimex(ctypes.create_string_buffer(512)) < 0:
        raise OSError(ctypes.get_errno(), "adjtimex")


def _connect(address: str) -> None:
    with socket.socket() as tried:
        tried.settimeout(2)
        tried.connect((address, 9))


TRIALS: dict[str, Callable[[], object]] = {
    "write /etc": lambda: Path("/etc/probe").touch(),
    "read the relay's keys": lambda: list(Path("/var/lib/siperlu/relay/keys").iterdir()),
    "write relay.db": lambda: os.open("/var/lib/siperlu/relay/relay.db", os.O_WRONLY),
    "read relay.db": lambda: Path("/var/lib/siperlu/relay/relay.db").read_bytes(),
    "raw packets": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "judge the clock": _adjtimex,
    "write and execute": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC),
    "user namespace": _unshare,
    "reach another host": lambda: _connect("192.0.2.1"),
    "read the boot's id": lambda: Path("/proc/sys/kernel/random/boot_id").read_text("ascii"),
    "see other processes": lambda: Path("/proc/1").stat(),
}


def _try(trial: Callable[[], object]) -> str:
    try:
        trial()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)
    return "works"


if __name__ == "__main__":
    json.dump({name: _try(trial) for name, trial in TRIALS.items()}, sys.stdout)

"""Part `memory`: the limits of the units, enforced by a kernel, on a machine with the memory of a Raspberry Pi 3B."""

from __future__ import annotations

import time
from typing import Any

from tests.e2e.appliance.stage import Stage
from tests.fixtures.containers import Broken

UNITS = ("kiosk", "relay", "agent")
WATCH_S = 150
MB = 1 << 20
GREEDY = "systemd-run --quiet --wait --pipe -p MemoryMax=64M -p MemorySwapMax=0 python3 -c 'bytearray(200 << 20)'"
EVENTS = "cat /sys/fs/cgroup$(systemctl show -P ControlGroup siperlu-{unit})/memory.events"


def memory(stage: Stage) -> dict[str, Any]:
    """Kiosk, relay and agent stay below their limits while people walk up; and a limit here does end who passes it."""
    machine = stage.set_up().machine
    stage.wait_for_check_in(600)
    if machine.run(f"{GREEDY} && echo lived || true", limit_s=120) == "lived":
        raise Broken("a process passed its MemoryMax and lived: the limits are not enforced here")
    before = _current(stage)
    begun = stage.check_ins()
    time.sleep(WATCH_S)  # how long is watched, not a wait for something
    after, found = _current(stage), {}
    found["check_ins"] = stage.check_ins() - begun
    wrong = [] if found["check_ins"] else ["nobody checked in meanwhile"]
    for unit in UNITS:
        show = f"systemctl show siperlu-{unit} -p MemoryPeak -p MemoryHigh -p NRestarts"
        told = dict(line.split("=", 1) for line in machine.run(show).splitlines())
        events = dict(line.split() for line in machine.run(EVENTS.format(unit=unit)).splitlines())
        found[unit] = {
            "peak_mb": round(int(told["MemoryPeak"]) / MB),
            "high_mb": round(int(told["MemoryHigh"]) / MB),
            "grown_mb": round((after[unit] - before[unit]) / MB, 1),
            "restarts": int(told["NRestarts"]),
            "events": {name: int(events[name]) for name in ("high", "max", "oom_kill")},
        }
        if any(found[unit]["events"].values()):
            wrong.append(f"siperlu-{unit} met its limit: {found[unit]}")
    total = machine.run("awk '/MemTotal/ {print $2}' /proc/meminfo")
    free = machine.run("awk '/MemAvailable/ {print $2}' /proc/meminfo")
    found["machine_mb"], found["available_mb"] = int(total) // 1024, int(free) // 1024
    if wrong:
        raise Broken("; ".join(wrong))
    return found


def _current(stage: Stage) -> dict[str, int]:
    return {unit: int(stage.machine.run(f"systemctl show -P MemoryCurrent siperlu-{unit}")) for unit in UNITS}

"""A whole kiosk in emulated machines, with pins, memory, networks and power cuts: `make campaign-appliance`.

    make campaign-appliance ARGS="--part gpio --part network"

Needs root, mmdebstrap, and, the first time, the network: images of Debian are made under `.cache/appliance` (some 8 GB). Each part
says what it did; the last line is JSON. Exit status 1: a part failed; 2: one that was asked for could not be run. Nothing
is run on KVM: emulation alone, a processor some 15 times slower than this machine's, so limits here are no promises.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.output import emit, say
from tests.e2e.appliance.arm64 import arm64
from tests.e2e.appliance.camera import camera
from tests.e2e.appliance.limits import memory
from tests.e2e.appliance.machine import CACHE, NotRun
from tests.e2e.appliance.pi3 import pi3
from tests.e2e.appliance.pins import gpio
from tests.e2e.appliance.power import power
from tests.e2e.appliance.stage import Stage
from tests.e2e.appliance.update import update
from tests.e2e.appliance.weather import network
from tests.fixtures.containers import Broken

PARTS: dict[str, Callable[[Stage], dict[str, Any]]] = {
    part.__name__: part
    for part in (
        gpio,
        camera,
        arm64,
        power,
        memory,
        network,
        update,
        pi3,
    )
}
PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", action="append", choices=list(PARTS), help="one part; may be repeated; default: all")
    wish = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    told: dict[str, dict[str, Any]] = {name: {"outcome": NOT_RUN, "why": "not asked for"} for name in PARTS}
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="run-") as folder, Stage(Path(folder)) as stage:
        for name in wish.part or PARTS:
            told[name] = _told(name, stage)
    asked = [told[name]["outcome"] for name in wish.part or PARTS]
    emit({"good": all(outcome == PASSED for outcome in asked), "parts": told})
    sys.exit(1 if FAILED in asked else 2 if NOT_RUN in asked else 0)


def _told(name: str, stage: Stage) -> dict[str, Any]:
    part, begun = PARTS[name], time.monotonic()
    say(f"...   {name}: {(part.__doc__ or '').splitlines()[0]}")
    try:
        found: dict[str, Any] = {"outcome": PASSED, "figures": part(stage)}
    except NotRun as error:
        found = {"outcome": NOT_RUN, "why": str(error)}
    except (Broken, AssertionError, subprocess.SubprocessError, OSError) as error:
        found = {"outcome": FAILED, "why": str(error) or type(error).__name__}
    found["took_s"] = round(time.monotonic() - begun)
    say(f"{found['outcome']:8} {name} after {found['took_s']} s: {found.get('why', found.get('figures'))}")
    return found


if __name__ == "__main__":
    main()

"""Runs inside the machine, by its own Python: tells every change of simulated lines, as the kernel has them.

    python3 pin_watch.py SECONDS PIN...

Each line of output is `[ms since 1970, [level of each pin]]`; the first is the state at the start, the last at the end.
"""

import json
import sys
import time
from pathlib import Path

LOOK_S = 0.004


def main() -> None:
    seconds, pins = float(sys.argv[1]), sys.argv[2:]
    (chip,) = Path("/sys/devices/platform").glob("gpio-sim.*/gpiochip*/sim_gpio0")
    lines = [(chip.parent / f"sim_gpio{pin}/value").open("rb", buffering=0) for pin in pins]
    end, before = time.time() + seconds, [-1]
    while time.time() < end:
        levels = [int(line.read(2)) for line in lines]
        for line in lines:
            line.seek(0)
        if levels != before:
            tell(levels)
            before = levels
        time.sleep(LOOK_S)
    tell(before)


def tell(levels: list[int]) -> None:
    sys.stdout.write(json.dumps([round(time.time() * 1000), levels]) + "\n")
    sys.stdout.flush()


main()

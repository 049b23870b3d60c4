"""Runs inside the emulated board, on `firmware/` and gpiozero as they are: every signal on its pins, and what the clock is worth.

    PYTHONPATH=… python3 board_probe.py RED GREEN THIRD BUZZER

Prints one JSON line. What the kernel says of a line is read from debugfs.
"""

import json
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path

import lgpio
from gpiozero import Device

from firmware import board, clock
from firmware.lights import Pins, open_lights
from firmware.signals import Signal

LINES = Path("/sys/kernel/debug/gpio")
LOOK_S, LIMIT_S = 0.02, 20.0


def main() -> None:
    numbers = [int(word) for word in sys.argv[1:]]
    lights = open_lights("leds", Pins(*numbers))
    shown = {
        signal: lit_in(lights, signal, numbers) for signal in (Signal.IDLE, Signal.RECORDED, Signal.NOT_RECOGNISED)
    }
    handle = lgpio.gpiochip_open(0)
    _, lines, name, label = lgpio.gpio_get_chip_info(handle)
    lgpio.gpiochip_close(handle)
    found = {
        "gpiozero": version("gpiozero"),
        "factory": type(Device.pin_factory).__name__,
        "board": str(Device.pin_factory.board_info.model),
        "revision": Device.pin_factory.board_info.revision,
        "chip": [lines, name, label],
        "shown": shown,
        "held": sorted(levels(numbers)),
    }
    lights.close()
    found["after"] = levels(numbers)
    now = clock.read()
    found["clock"] = {"at": now.at.isoformat(), "source": now.source, "error_ms": now.error_ms}
    found["rtc"] = [chip.name for chip in clock.CLOCK_CHIPS.glob("*")]
    found["model"], found["temperature_c"], found["throttled"] = board.model(), board.temperature_c(), board.throttled()
    sys.stdout.write(json.dumps(found) + "\n")


def lit_in(lights: object, signal: Signal, numbers: list[int]) -> list[int]:
    """Which pins were seen on within some seconds of a signal, by the kernel's own list."""
    lights.show(signal)
    seen: set[int] = set()
    end = time.monotonic() + LIMIT_S / 4
    while time.monotonic() < end:
        seen |= {number for number, level in levels(numbers).items() if level == "hi"}
        time.sleep(LOOK_S)
    return sorted(seen)


def levels(numbers: list[int]) -> dict[int, str]:
    """Level of each of our pins that lgpio drives now."""
    found = re.findall(r"\(GPIO(\d+)\s*\|lg\s*\) out (hi|lo)", LINES.read_text())
    return {int(number): level for number, level in found if int(number) in numbers}


main()

"""Part `gpio`: the kiosk's own unit drives LEDs and buzzer by gpiozero and lgpio; the kernel's lines are what is looked at.

Each check-in that came into the ledger meanwhile must have its green and its sound, and no green may be without a record.
Refusals are not looked at: they need several pictures within 0.7 s of each other, which an emulated processor cannot look at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.e2e.appliance.books import ledger
from tests.e2e.appliance.stage import LIGHTS, Stage
from tests.fixtures.containers import Broken

WATCH = Path(__file__).with_name("pin_watch.py")
ORDER = ("red", "green", "blue", "buzzer")
"""Of the lines in what is read; blue is the yellow LED of three."""
HELD = "grep -c '(lg *)' /sys/kernel/debug/gpio || true"
"""How many lines lgpio has, by the kernel's own list."""
SERVING_S = 180
LATE_MS = 3000
"""From the record's own time to green, commit and an emulated processor included."""
STAY_MS = 45_000
"""What was said to somebody is said again while they stay."""
TOGETHER_MS = 1500
"""Lights of one colour that are not further apart belong to one showing."""


Change = tuple[int, tuple[int, ...]]


def changes(told: str) -> list[Change]:
    """What pin_watch.py said."""
    found = [json.loads(line) for line in told.splitlines() if line.startswith("[")]
    return [(at, tuple(levels)) for at, levels in found]


def spans(seen: Sequence[Change], line: int) -> list[tuple[int, int]]:
    """When a line was on: begin and end in ms."""
    found, begun = [], None
    for at, levels in seen:
        if levels[line] and begun is None:
            begun = at
        if not levels[line] and begun is not None:
            found.append((begun, at))
            begun = None
    return found if begun is None else [*found, (begun, seen[-1][0])]


def joined(each: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches that are less than TOGETHER_MS apart as one."""
    found: list[tuple[int, int]] = []
    for begin, end in each:
        if found and begin - found[-1][1] < TOGETHER_MS:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def watch(stage: Stage, seconds: int) -> list[Change]:
    """The lines over some seconds, from inside of the machine."""
    pins = " ".join(str(LIGHTS[name]) for name in ORDER)
    stage.machine.run("cat > /srv/pin_watch.py", given=WATCH.read_bytes())
    return changes(stage.machine.run(f"python3 /srv/pin_watch.py {seconds} {pins}", limit_s=seconds + 120))


def gpio(stage: Stage) -> dict[str, Any]:
    """Ready, recorded, out of service and stopped, read from the kernel's lines."""
    machine = stage.set_up().machine
    stage.wait_for_check_in(600)
    held = machine.run(HELD)
    if held != str(len(ORDER)):
        raise Broken(f"lgpio drives {held} of {len(ORDER)} lines: {machine.run('cat /sys/kernel/debug/gpio')}")
    seen = watch(stage, SERVING_S)
    recorded = [at for at in ledger(stage).check_ins if seen[0][0] <= at <= seen[-1][0] - LATE_MS]
    found: dict[str, Any] = {"changes": len(seen), "recorded": len(recorded)}
    wrong = []
    for at in recorded:
        beeps = [begin - at for begin, _ in spans(seen, ORDER.index("buzzer")) if 0 <= begin - at <= LATE_MS]
        lit = [begin - at for begin, end in spans(seen, ORDER.index("green")) if begin - at <= LATE_MS and end > at]
        if not lit or not beeps:  # the second sound may be cut off by the next picture: every one is another face here
            wrong.append(f"a record, and green after {lit} ms, sounds after {beeps} ms")
    greens = [begin for begin, _ in joined(spans(seen, ORDER.index("green"))) if begin > seen[0][0] + LATE_MS]
    ledger_at = ledger(stage).check_ins
    wrong += [f"green at {at} and no record" for at in greens if not any(0 <= at - one <= STAY_MS for one in ledger_at)]
    found["greens"], found["green_after_ms"] = (
        len(greens),
        [min((at - one for one in ledger_at if one <= at), default=None) for at in greens],
    )
    found["ready_blinks"] = sum(end - begin < 250 for begin, end in spans(seen, ORDER.index("blue")))
    if not recorded or not found["ready_blinks"]:
        wrong.append(f"nothing recorded, or no blink of ready: {found}")
    wrong += [f"two of three LEDs at once at {at}" for at, levels in seen if sum(levels[:3]) > 1][:3]
    found["out_of_service"], more = _out_of_service(stage)
    wrong += more
    machine.run("systemctl stop siperlu-kiosk", limit_s=120)
    dark, held = watch(stage, 3)[-1][1], machine.run(HELD)
    machine.run("systemctl start siperlu-kiosk", limit_s=300)
    if any(dark) or held != "0":
        wrong.append(f"after the stop: lit {dark}, {held} lines held")
    if wrong:
        raise Broken(f"{'; '.join(wrong)}; {found}")
    return found


def _out_of_service(stage: Stage) -> tuple[dict[str, Any], list[str]]:
    """A kiosk that starts without a picture: red with two long sounds; with one again it serves by itself."""
    stage.machine.run("mv /srv/room /srv/away; systemctl restart siperlu-kiosk", limit_s=300)
    seen = watch(stage, 45)
    stage.machine.run("mv /srv/away /srv/room")
    red = [end - begin for begin, end in spans(seen, ORDER.index("red"))]
    sounds = [end - begin for begin, end in spans(seen, ORDER.index("buzzer"))]
    green = [at for at, levels in seen if levels[ORDER.index("green")]]
    found = {"red_ms": red[:3], "sounds_ms": sounds, "back_after_s": round(stage.wait_for_check_in(600))}
    good = red and max(red) > 1500 and len([one for one in sounds if one > 450]) == 2 and not green
    return found, [] if good else [f"no camera: {found}, green at {green}"]

"""Part `update`: power is cut inside of updates, and a working release runs after every one. QEMU is killed, as in part `power`."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from cli.output import say
from tests.e2e.appliance.books import agree
from tests.e2e.appliance.power import SERVE_LIMIT_S, WORKS
from tests.e2e.appliance.stage import Stage
from tests.fixtures.containers import Broken, wait

NEW, UNFIT = "0.1.1", "0.1.2"
ANSWER_LIMIT_S = 1800
"""A proof lasts 150 s and is begun three times at most; installing takes minutes on an emulated processor."""
CURRENT = "basename $(readlink /opt/siperlu/current)"
STATE = "cat /var/lib/siperlu/agent/update.json 2>/dev/null"


@dataclass(frozen=True, slots=True)
class Moment:
    """When to cut: as soon as `look`, a shell script in the machine, says something."""

    name: str
    look: str


INSTALLING = Moment("installing", f"ls -d /opt/siperlu/releases/{NEW}/lib 2>/dev/null")
PROVING = Moment("proving", f"{CURRENT} | grep -x {NEW}")
PROVING_UNFIT = Moment("proving one that is unfit", f"{CURRENT} | grep -x {UNFIT}")
RETURNING = Moment("going back", f"{STATE} | grep -o returning")


def update(stage: Stage) -> dict[str, Any]:
    """A release is cut off while it is installed and while it is proven, and comes through; an unfit one is cut off too, and goes."""
    stage.set_up()
    stage.wait_for_check_in(SERVE_LIMIT_S)
    before = agree(stage, SERVE_LIMIT_S)
    good = _ordered(stage, NEW, (INSTALLING, PROVING), broken=False)
    unfit = _ordered(stage, UNFIT, (PROVING_UNFIT, RETURNING), broken=True)
    stage.wait_for_check_in(SERVE_LIMIT_S)
    after = agree(stage, SERVE_LIMIT_S)
    found = {NEW: good, UNFIT: unfit, "records": (before.last, after.last)}
    wrong = [f"{NEW} ended {good['answer']}"] if good["answer"]["state"] != "done" else []
    wrong += [f"{UNFIT} ended {unfit['answer']}"] if unfit["answer"]["state"] != "failed" else []
    wrong += [f"after {one['answer']} {one['runs']} runs" for one in (good, unfit) if one["runs"] != NEW]
    wrong += [f"never cut while {name}" for one in (good, unfit) for name, at in one["cuts"].items() if at is None]
    if wrong:
        raise Broken(f"{'; '.join(wrong)}; {found}")
    return found


def _ordered(stage: Stage, version: str, moments: tuple[Moment, ...], *, broken: bool) -> dict[str, Any]:
    """Give the order, cut at each moment, and wait for what the kiosk answers."""
    machine, begun = stage.machine, time.monotonic()
    stage.push(stage.release(version, broken=broken))
    order = stage.order("update", f"version={version}")
    cuts: dict[str, int | None] = {}
    for moment in moments:
        reached = _reached(stage, moment, version)
        cuts[moment.name] = round(time.monotonic() - begun) if reached else None
        if reached:
            machine.cut_power()
            machine.start()
            say(f"      cut while {moment.name}, after {cuts[moment.name]} s: {machine.run(CURRENT)} is booted")
    wait(f"the kiosk says how {version} ended", lambda: stage.answer(order), ANSWER_LIMIT_S)
    took_s = round(time.monotonic() - begun)
    wait("a working release runs", lambda: machine.run(WORKS, check=False), SERVE_LIMIT_S)
    answer = stage.answer(order)
    say(f"      {version} ended {answer['state']} after {took_s} s")
    return {"cuts": cuts, "took_s": took_s, "answer": answer, "runs": machine.run(CURRENT)}


def _reached(stage: Stage, moment: Moment, version: str) -> bool:
    """Whether the moment came; False when the update had ended before it was seen."""
    end = time.monotonic() + ANSWER_LIMIT_S
    while time.monotonic() < end:
        if stage.machine.run(moment.look, check=False):
            return True
        course = json.loads(stage.machine.run(STATE, check=False) or "{}")
        if course.get("version") == version and course["stage"] in {"done", "failed"}:
            return False
    return False

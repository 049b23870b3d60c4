"""Part `power`: QEMU is killed, so that all the guest had not written through is gone, as when a plug is pulled."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from cli.output import say
from tests.e2e.appliance.books import agree, ledger
from tests.e2e.appliance.pins import WATCH
from tests.e2e.appliance.stage import LIGHTS, Stage
from tests.fixtures.containers import Broken, wait

CUTS = 3
SECOND_SOUND_MS = 200
"""The two sounds of "recorded" are 60 ms apart (firmware/lights/patterns.py)."""
GREEN_LIMIT_S = 900
SERVE_LIMIT_S = 900
WORKS = "systemctl is-active siperlu-kiosk siperlu-relay >/dev/null && readlink /opt/siperlu/current"


def power(stage: Stage) -> dict[str, Any]:
    """Power is cut at the very moment that a person sees green; that record is on the disk when the kiosk is back."""
    stage.set_up()
    boots, found = [], []
    for _ in range(CUTS):
        stage.wait_for_check_in(SERVE_LIMIT_S)
        before = agree(stage, SERVE_LIMIT_S)
        cut_at_green(stage)
        boots.append(round(stage.machine.start()))
        wait("the kiosk runs again", lambda: stage.machine.run(WORKS, check=False), SERVE_LIMIT_S)
        after = ledger(stage)
        new = len(after.check_ins) - len(before.check_ins)
        found.append(new)
        say(f"      cut at green: {new} new check-ins on the disk, record {after.last} is the last")
        if new < 1 or after.whole != "ok":
            raise Broken(f"green was seen and its record is gone: {before} before, {after} after the cut")
    whole = agree(stage, SERVE_LIMIT_S)
    return {"cuts": CUTS, "new_check_ins_found_after_each": found, "boot_s": boots, "records": whole.last}


def cut_at_green(stage: Stage) -> None:
    """Look at the pins until somebody is told "recorded", and cut. "Already" is green, too, and has one sound."""
    machine = stage.machine
    machine.run("cat > /srv/pin_watch.py", given=WATCH.read_bytes())
    script = f"python3 /srv/pin_watch.py {GREEN_LIMIT_S} {LIGHTS['green']} {LIGHTS['buzzer']}"
    line = [*machine.ssh(), f"root@{machine.address}", script]
    with subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as watching:
        silent_since, sounding = 0, True  # a sound from before the watch is not one
        for told in watching.stdout or ():
            at, (green, sounds) = json.loads(told)
            if green and sounds and not sounding and at - silent_since < SECOND_SOUND_MS:
                machine.cut_power()
                watching.kill()
                return
            if sounding and not sounds:
                silent_since = at
            sounding = bool(sounds)
    raise Broken(f"nobody was told to be recorded within {GREEN_LIMIT_S} s")

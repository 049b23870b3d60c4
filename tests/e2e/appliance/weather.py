"""Part `network`: the kernel's own netem between the machine and its centre, both ways; then no network at all for minutes."""

from __future__ import annotations

import time
from typing import Any

from tests.e2e.appliance.books import agree, at_centre, ledger
from tests.e2e.appliance.stage import Stage
from tests.fixtures.containers import Broken, wait

LOSS, DELAY_MS = 20, 800
BAD_S, CUT_S = 200, 180
BACK_LIMIT_S = 400
WAYS = ("out", "in")
WEATHER = f"""
modprobe -a sch_netem ifb act_mirred cls_matchall sch_ingress
for wire in /sys/class/net/en* /sys/class/net/eth*; do [ -e "$wire" ] && wire=${{wire##*/}} && break; done
ip link add ifb0 type ifb 2>/dev/null || true
ip link set ifb0 up
tc qdisc add dev "$wire" handle ffff: ingress
tc filter add dev "$wire" parent ffff: matchall action mirred egress redirect dev ifb0
for each in "$wire" ifb0; do tc qdisc add dev "$each" root netem loss {LOSS}% delay {DELAY_MS}ms limit 10000; done
sleep {BAD_S}
for each in "$wire" ifb0; do tc qdisc change dev "$each" root netem loss 100%; done
sleep {CUT_S}
tc qdisc del dev "$wire" ingress
for each in "$wire" ifb0; do tc -s qdisc show dev "$each" | sed -n '/netem/,/Sent/p'; tc qdisc del dev "$each" root; done
"""


def network(stage: Stage) -> dict[str, Any]:
    """Loss of 20 % and 800 ms each way, then a cut of three minutes: nothing lost or doubled, the centre reached again."""
    machine = stage.set_up().machine
    stage.wait_for_check_in(600)
    before = agree(stage, BACK_LIMIT_S)
    machine.run("cat > /srv/weather", given=WEATHER.encode())
    machine.run("systemd-run --quiet --collect --unit=weather sh -eu /srv/weather")
    begun = time.monotonic()
    time.sleep(BAD_S)  # the weather's own length, not a guess about the kiosk
    in_bad = at_centre(stage)[2] - before.last
    time.sleep(10)
    at_cut = at_centre(stage)
    wait("the cut is over", lambda: time.monotonic() - begun > BAD_S + CUT_S + 5, CUT_S + 30)
    in_cut = at_centre(stage)[2] - at_cut[2]
    healed = time.monotonic()
    wait("a record comes after the cut", lambda: at_centre(stage)[2] > at_cut[2] + in_cut, BACK_LIMIT_S)
    back_s = time.monotonic() - healed
    kept = ledger(stage)
    after = agree(stage, BACK_LIMIT_S)
    told = machine.run(
        f"journalctl -u weather -o cat --no-pager | grep -o 'dropped [0-9]*' | tail -n {len(WAYS)} || true"
    )
    dropped = dict(zip(WAYS, (int(line.split()[1]) for line in told.splitlines()), strict=False))
    found = {
        "records_in_bad_weather": in_bad,
        "kept_in_the_cut": kept.last - at_cut[2],
        "came_in_the_cut": in_cut,
        "back_s": round(back_s, 1),
        "records": after.last,
        "packets_dropped": dropped,
    }
    if in_bad < 1 or kept.last <= at_cut[2]:
        raise Broken(f"nothing was recorded in bad weather, or nothing came through: {found}")
    if in_cut or len(dropped) != len(WAYS) or not all(dropped.values()):
        raise Broken(f"the cut was none, or a way had no bad weather: {found}")
    return found

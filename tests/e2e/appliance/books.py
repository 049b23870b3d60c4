"""The books of a kiosk in a machine and of its centre, held against each other."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.e2e.appliance.stage import KIOSK, Stage
from tests.fixtures.containers import Broken, wait

LEDGER = r"""python3 - <<'END'
import base64, datetime, json, sqlite3
base = sqlite3.connect("file:/var/lib/siperlu/kiosk/ledger.db?mode=ro", uri=True)
sealed = [row[0] for row in base.execute("SELECT sealed FROM records ORDER BY number, seq")]
records = [json.loads(base64.urlsafe_b64decode(one.split(".")[1] + "==")) for one in sealed]
at = [datetime.datetime.fromisoformat(one["at"]).timestamp() for one in records if one["kind"] == "check-in"]
chains, last = base.execute("SELECT count(DISTINCT number), max(seq) FROM records").fetchone()
whole = base.execute("PRAGMA quick_check").fetchone()[0]
found = {"chains": chains, "records": len(sealed), "last": last or 0, "check_ins": [round(1000 * one) for one in at]}
print(json.dumps({**found, "whole": whole}))
END"""
CENTRE = (
    f"SELECT count(*), count(DISTINCT chain || '/' || seq), coalesce(max(seq), 0) FROM records WHERE kiosk = '{KIOSK}'"
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is on the kiosk's disk. `last`: highest number of the chain; `check_ins`: when, in ms since 1970;
    `whole`: SQLite's own word, "ok"."""

    chains: int
    records: int
    last: int
    check_ins: tuple[int, ...]
    whole: str


def ledger(stage: Stage) -> Ledger:
    """Read it in the machine, beside the process that writes it."""
    found = json.loads(stage.machine.run(LEDGER).splitlines()[-1])
    return Ledger(**{**found, "check_ins": tuple(found["check_ins"])})


def at_centre(stage: Stage) -> tuple[int, int, int]:
    """Records of the kiosk at the centre, how many of them are different, and the highest number."""
    rows, different, last = stage.regency.rows(CENTRE)[0]
    return int(rows), int(different), int(last)


def agree(stage: Stage, limit_s: float) -> Ledger:
    """Wait until the centre holds all that the ledger holds now, each once, without a gap. Raises Broken."""
    held = ledger(stage)
    wait(f"the centre has record {held.last}", lambda: at_centre(stage)[2] >= held.last, limit_s)
    rows, different, last = at_centre(stage)
    amiss = {
        "lost": last - different,
        "doubled": rows - different,
        "chains": held.chains - 1,
        "incidents": int(stage.regency.rows(f"SELECT count(*) FROM incidents WHERE kiosk = '{KIOSK}'")[0][0]),
        "set aside": int(stage.regency.rows("SELECT count(*) FROM set_aside")[0][0]),
    }
    if any(amiss.values()) or held.whole != "ok":
        raise Broken(f"the books do not agree: {amiss}, {held}")
    return held

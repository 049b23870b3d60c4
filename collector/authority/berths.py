"""Names for kiosks that are still to come: the unit's code and a number. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count, islice

LONGEST = 58


def next_names(unit: str, taken: Collection[str], wanted: int) -> list[str]:
    """So many free names for kiosks of a unit, lowest numbers first: DIKBUD.UPT-3 gives dikbud-upt-3-1, dikbud-upt-3-2."""
    stem = re.sub(r"[^a-z0-9]+", "-", unit.lower()).strip("-")[:LONGEST].rstrip("-") or "kiosk"
    free = (name for number in count(1) if (name := f"{stem}-{number}") not in taken)
    return list(islice(free, wanted))

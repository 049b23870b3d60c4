"""What a kiosk told with an answer to an order, in plain words: its agent speaks in short fixed words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from collector.web.words import N_

NAMES: Final = {
    "backlog": N_("Records without a receipt"),
    "board": N_("Board"),
    "clock": N_("Time comes from"),
    "clock-error-ms": N_("Error of its clock (ms)"),
    "csr": N_("Certificate"),
    "disk-free-mib": N_("Free on its disk (MiB)"),
    "enrolled": N_("Faces on its roster"),
    "last-seq": N_("Number of its newest record"),
    "online": N_("Connected to the broker"),
    "part": N_("Part"),
    "problems": N_("Parts that could not be asked"),
    "reason": N_("Reason"),
    "roster-version": N_("Version of its roster"),
    "seconds": N_("For how many seconds"),
    "stage": N_("How far it came"),
    "step": N_("Step"),
    "system": N_("System"),
    "temperature-c": N_("Temperature (°C)"),
    "throttled": N_("What holds the board back"),
    "unit-kiosk": N_("Camera and recognition"),
    "unit-relay": N_("Way to the centre"),
    "unit-screen": N_("Screen"),
    "units": N_("Parts"),
    "up-hours": N_("Switched on for (hours)"),
    "version": N_("Version"),
}
"""What the agent and its diagnostics call a thing, as pages call it."""

VALUES: Final = {
    "active": N_("runs"),
    "activating": N_("is starting"),
    "already-current": N_("it has this version already"),
    "begun": N_("begun"),
    "deactivating": N_("is stopping"),
    "done": N_("finished"),
    "failed": N_("failed"),
    "frequency-capped": N_("slowed by low voltage"),
    "frequency-capped-before": N_("was slowed by low voltage"),
    "hot": N_("too hot"),
    "hot-before": N_("was too hot"),
    "inactive": N_("is stopped"),
    "installed": N_("installed, not running yet"),
    "interrupted": N_("interrupted, as by a power cut: order it again"),
    "kiosk": N_("Camera and recognition"),
    "no-bundle": N_("the release never came: lay it out at the centre, push it or send a stick"),
    "no-pictures": N_("the camera gave no pictures"),
    "no-record": N_("it wrote no record"),
    "no-service": N_("nobody could check in with it"),
    "none": N_("nothing that vouches for it"),
    "not-started": N_("the new version did not start"),
    "not-supported": N_("its version does not know this order: update it first"),
    "ntp": N_("the network"),
    "offline": N_("it did not reach the broker"),
    "proven": N_("proved good"),
    "relay": N_("Way to the centre"),
    "returning": N_("on the way back to the old version"),
    "rtc": N_("its clock chip"),
    "screen": N_("Screen"),
    "switched": N_("installed and started"),
    "throttled": N_("slowed down"),
    "throttled-before": N_("was slowed down"),
    "under-voltage": N_("low voltage"),
    "under-voltage-before": N_("had low voltage"),
    "unknown-part": N_("it has no such part"),
    "unknown-step": N_("its version does not know this step: update it first"),
}
"""The fixed words of its answers. Those in a list stand with commas or spaces between them."""

REQUEST: Final = N_("a new key was made; its request is at the centre")
RESTARTS: Final = N_("%(count)s restarts")


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of an answer. `name` and `words` are texts to translate, `words` with commas between them; `value` is what nobody
    translates; `restarts` of a part, if it told."""

    name: str
    words: tuple[str, ...] = ()
    value: str = ""
    restarts: int | None = None


def facts(detail: Mapping[str, Any]) -> list[Fact]:
    """An answer line by line; what nobody wrote down here stands as the kiosk said it, and what it left empty is left out."""
    return [_fact(str(name), value) for name, value in detail.items() if value is not None and value != ""]


def reason(text: str) -> Fact:
    """Why it was refused or failed."""
    return _fact("reason", text)


def _fact(name: str, value: Any) -> Fact:
    called = NAMES.get(name, name)
    if name == "csr":
        return Fact(called, (REQUEST,))
    if isinstance(value, bool):
        return Fact(called, (N_("yes") if value else N_("no"),))
    text = str(value)
    if name.startswith("unit-"):
        return _part(called, text)
    said = text.replace(",", " ").split()
    if said and all(word in VALUES for word in said):
        return Fact(called, tuple(VALUES[word] for word in said))
    return Fact(called, value=text)


def _part(called: str, text: str) -> Fact:
    """Such as "active 0": systemd's word for the state and how often it was started anew."""
    state, _, count = text.partition(" ")
    restarts = int(count) if count.isascii() and count.isdigit() else None
    return Fact(called, (VALUES[state],), "", restarts) if state in VALUES else Fact(called, value=text)

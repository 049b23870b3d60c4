"""What was attached to an appeal as a line of events in plain words. Pure: no query, no page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collector.appealing.known import Known, KnownLook, KnownOutage, KnownTry
from collector.rules.evidence import Basis, Cause, Method
from collector.web.words import N_

TRIES = {
    "spoof": ("incident", "bad", N_("%(kiosk)s: a photo or a screen was held up")),
    "covered-face": ("fault", "ask", N_("%(kiosk)s: a face stayed covered")),
    "pin-failed": ("never", "ask", N_("%(kiosk)s: a wrong PIN was given")),
    "look-alike": ("never", "ask", N_("%(kiosk)s: sent to the officer, as like somebody else")),
    "out-of-service": ("fault", "bad", N_("%(kiosk)s: out of service")),
    "in-service": ("check", "good", N_("%(kiosk)s: in service again")),
    "camera-lost": ("fault", "bad", N_("%(kiosk)s: no pictures from the camera")),
    "camera-back": ("check", "good", N_("%(kiosk)s: the camera is back")),
    "clock-learnt": ("clock", "plain", N_("%(kiosk)s: learnt the true time")),
    "clock-stepped": ("clock", "ask", N_("%(kiosk)s: the clock was turned")),
    "place-changed": ("gap", "ask", N_("%(kiosk)s: its surroundings changed")),
    "not-recognised": ("never", "ask", N_("%(kiosk)s: not recognised, %(count)s times since the sign of life before")),
    "see-officer": (
        "never",
        "ask",
        N_("%(kiosk)s: sent to the officer, %(count)s times since the sign of life before"),
    ),
    "adjust": (
        "never",
        "plain",
        N_("%(kiosk)s: asked to come closer or uncover, %(count)s times since the sign of life before"),
    ),
}
OTHER = ("aside", "plain", N_("%(kiosk)s: event %(word)s"))
CAUSES = {
    Cause.OUTAGE: N_("%(kiosk)s served nobody"),
    Cause.ROSTER_LATE: N_("%(kiosk)s did not know this face yet"),
    Cause.NOT_ENROLLED: N_("%(kiosk)s: the face was not enrolled"),
    Cause.FINISHED: N_("%(kiosk)s: declared finished, silent"),
}
METHODS = {Method.FACE: N_("Face"), Method.PIN: N_("PIN"), Method.MANUAL: N_("By hand"), Method.PHONE: N_("Phone")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event. `text` with `facts` is translated; `look`: of one that was recorded; `until`: of a time that lasted."""

    at: datetime
    icon: str
    colour: str
    text: str
    facts: dict[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    look: KnownLook | None = None


def story(known: Known, around: datetime | None, record: str) -> list[Line]:
    """All that is known of that time, in its order."""
    lines = [*_looks(known, record), *_outages(known), *map(_try, known.tries)]
    if around is not None:
        lines.append(
            Line(at=around, icon="roster", colour="human", text=N_("The person says: I stood before the kiosk"))
        )
    return sorted(lines, key=lambda line: (line.at, line.text))


def _looks(known: Known, record: str) -> Iterator[Line]:
    for look in known.looks:
        contested = look.record == record
        text = N_("Recorded at %(kiosk)s: this look is contested") if contested else N_("Recorded at %(kiosk)s")
        colour = "ask" if contested or look.basis is Basis.UNKNOWN else "good"
        yield Line(at=look.at, icon="recorded", colour=colour, text=text, facts={"kiosk": look.kiosk}, look=look)


def _outages(known: Known) -> Iterator[Line]:
    for kiosk in known.kiosks:
        for outage in kiosk.outages:
            if _meets(outage, known):
                since = max(outage.since or known.since, known.since)
                facts = {"kiosk": kiosk.kiosk}
                yield Line(
                    at=since, icon="fault", colour="bad", text=CAUSES[outage.cause], facts=facts, until=outage.until
                )


def _meets(outage: KnownOutage, known: Known) -> bool:
    begun = outage.since is None or outage.since < known.until
    return begun and (outage.until is None or outage.until > known.since)


def _try(one: KnownTry) -> Line:
    icon, colour, text = TRIES.get(one.word, OTHER)
    facts = {"kiosk": one.kiosk, "count": one.count, "word": one.word}
    return Line(at=one.at, icon=icon, colour=colour, text=text, facts=facts)

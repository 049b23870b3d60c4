"""Why a day became what it is, in plain words: one sentence a reason, with its facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from collector.rules.codes import Reason, ReasonKind
from collector.rules.hours import WIB
from collector.web.words import N_

TEXTS = {
    ReasonKind.NOT_IN_SERVICE: N_("Not in service on this date."),
    ReasonKind.HOLIDAY: N_("Holiday: %(name)s."),
    ReasonKind.JOINT_LEAVE: N_("Joint leave: %(name)s."),
    ReasonKind.WEEKLY_OFF: N_("No working day of the week."),
    ReasonKind.ROTA_OFF: N_("Off by rota."),
    ReasonKind.NO_ROTA: N_("No rota was entered for this date."),
    ReasonKind.NO_HOURS: N_("No hours of their own were entered."),
    ReasonKind.PERMIT: N_("Letter %(letter)s: %(code)s."),
    ReasonKind.PERMITS_OVERLAP: N_("Several letters for one day: %(codes)s."),
    ReasonKind.LOOKED_ON_PERMIT: N_("Seen although on leave."),
    ReasonKind.KIOSKS_INCOMPLETE: N_("Records of %(kiosks)s are awaited up to %(until)s."),
    ReasonKind.NO_KIOSK: N_("The place has no kiosk."),
    ReasonKind.LATE: N_("First seen at %(at)s, due at %(due)s: %(minutes)s minutes late."),
    ReasonKind.EARLY: N_("Last seen at %(at)s, due at %(due)s: %(minutes)s minutes early."),
    ReasonKind.NO_CHECK_IN: N_("Not seen when coming: %(minutes)s minutes."),
    ReasonKind.NO_CHECK_OUT: N_("Not seen when going: %(minutes)s minutes."),
    ReasonKind.NO_LOOK: N_("Not seen at all, and no letter."),
    ReasonKind.ASSEMBLY_MISSED: N_("Not seen at %(name)s."),
    ReasonKind.MIDDAY_MISSED: N_("Not seen at the midday check."),
    ReasonKind.OUTAGE: N_("%(kiosk)s served nobody from %(from)s to %(until)s."),
    ReasonKind.ROSTER_LATE: N_("%(kiosk)s did not know the face from %(from)s to %(until)s."),
    ReasonKind.NOT_ENROLLED: N_("The face was not enrolled yet."),
    ReasonKind.KIOSK_FINISHED: N_("%(kiosk)s was declared finished; silent since %(from)s."),
    ReasonKind.DISASTER: N_("Disaster: %(name)s."),
    ReasonKind.CLOCK_DOUBT: N_("Nobody vouches for the kiosk's clock."),
    ReasonKind.PIN_UNGUARANTEED: N_("PIN without the head's guarantee."),
    ReasonKind.MANUAL: N_("By the manual list %(list)s."),
    ReasonKind.MANUAL_UNFOUNDED: N_("The manual list %(list)s names a reason that the facts do not show."),
    ReasonKind.RULING: N_("Decided by %(entry)s: %(effect)s."),
    ReasonKind.CONTRADICTION: N_("Rules or schedule contradict each other: %(what)s."),
}
EFFECTS = {
    "strike-look": N_("a look was not this person"),
    "count-look": N_("a look counts for this person"),
    "excuse-in": N_("coming excused"),
    "excuse-out": N_("going excused"),
    "excuse-assembly": N_("apel excused"),
    "excuse-day": N_("day excused"),
    "accept": N_("what was in doubt counts"),
    "uphold": N_("what was in doubt does not count"),
}
MOMENTS = ("at", "due", "from", "until")


def words(reason: Reason) -> tuple[str, dict[str, Any]]:
    """The sentence to translate, and what stands in it; `effect` is a text to translate itself."""
    facts: dict[str, Any] = dict.fromkeys((*MOMENTS, "kiosk", "name", "minutes"), "—")
    for name, value in reason.facts:
        facts[name] = (
            _clock(value) if name in MOMENTS else EFFECTS.get(str(value), value) if name == "effect" else value
        )
    return TEXTS[reason.kind], facts


def _clock(value: str | int) -> str:
    """A moment of a reason as local time; anything else as it is."""
    try:
        return datetime.fromisoformat(str(value)).astimezone(WIB).strftime("%H:%M")
    except ValueError:
        return str(value)

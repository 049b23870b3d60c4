"""What the pages of entries, lists and closings call things."""

from __future__ import annotations

from collector.entered.errors import ConfirmError
from collector.judging.entries import EntryKind
from collector.judging.errors import EntryError, MonthError
from collector.judging.months import Hindrance
from collector.reports.kiosks import State
from collector.rules.evidence import ManualWhy
from collector.web.words import N_

KINDS = {
    EntryKind.DISASTER: N_("Disaster"),
    EntryKind.FINISHED: N_("Kiosk finished"),
    EntryKind.MANUAL: N_("Line of a manual list"),
    EntryKind.GUARANTEE: N_("Guarantee for a PIN"),
    EntryKind.PERMIT: N_("Letter"),
    EntryKind.OWN_HOURS: N_("Own hours"),
    EntryKind.RULING: N_("Ruling"),
}

WHYS = {
    ManualWhy.DEVICE_BROKEN: N_("The device is broken"),
    ManualWhy.NOT_ENROLLED: N_("Not enrolled yet"),
    ManualWhy.NO_DEVICE: N_("The place has no device"),
    ManualWhy.DISASTER: N_("Disaster"),
}

LIST_STATES = {
    "filed": ("waiting", "ask", N_("Waits for confirmation")),
    "confirmed": ("check", "good", N_("Signed off")),
    "refused": ("incident", "bad", N_("Refused")),
    "withdrawn": ("repeat", "plain", N_("Withdrawn")),
}

HINDRANCES = {
    Hindrance.LASTS: N_("The month is not over."),
    Hindrance.CLOSED: N_("The month is closed."),
    Hindrance.ABOVE: N_("The month was closed with the unit above."),
    Hindrance.UNJUDGED: N_("Something that arrived is being judged: look again in a minute."),
    Hindrance.NEVER: N_("Some of its dates were never judged: IT judges them by the command siperlu day recompute."),
}

ADVICE = {
    State.GOOD: N_("It serves and is complete: nothing has to be declared."),
    State.BEHIND: N_("It speaks: its missing records may still come. Wait, or have its stick brought."),
    State.OFFLINE: N_("It records on without a network: have its stick brought before you declare anything."),
    State.SILENT: N_("Nobody has heard of it for a while. Have somebody look before you declare it finished."),
    State.QUIET: N_(
        "Nobody has heard of it for a while, and now nobody has to: it is closed, or it lives by sticks. Have somebody look, or "
        "its stick brought, before you declare anything."
    ),
    State.NEVER: N_("It was registered and never spoke."),
    State.RETIRED: N_("It was retired: what it has not said by now will not come."),
}
"""What to think of before declaring a kiosk finished, by how it is."""

TAKEN = N_("This cannot be done as asked: its state has changed, or a reason or time is missing.")


def words(error: EntryError | MonthError) -> str:
    """An error in the page's words."""
    if isinstance(error, ConfirmError):
        return N_("You may not confirm this one: you filed it, or you stand on it.")
    if isinstance(error, MonthError):
        return N_("The month cannot be closed as it stands: what hinders it is said below.")
    return TAKEN

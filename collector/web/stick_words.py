"""What the pages call the states, needs and faults of sticks."""

from __future__ import annotations

from collector.reports.sticks import Need
from collector.sticks import faults
from collector.sticks.orders import Kind, State
from collector.sticks.sent import Why
from collector.web.words import N_

NEEDS = {
    Need.ANSWER: ("stored", "ask", N_("Its answer has not left")),
    Need.CUT_OFF: ("lost", "bad", N_("Silent, with records")),
    Need.NEVER: ("never", "down", N_("No stick yet")),
    Need.DUE: ("clock", "ask", N_("Due for a visit")),
    Need.SERVED: ("check", "good", N_("Visited lately")),
}
"""Icon, colour and words of each need."""

STATES = {
    State.ARRIVING: ("waiting", "plain", N_("Is being sent")),
    State.WAITING: ("waiting", "plain", N_("Waits its turn")),
    State.WORKING: ("clock", "ask", N_("Is being worked on")),
    State.FAILED: ("fault", "bad", N_("Could not be done")),
    State.GONE: ("never", "down", N_("Kept no longer")),
}
DONE = {
    Kind.BRING: ("check", "good", N_("Taken in")),
    Kind.GIVE: ("check", "good", N_("Ready to take along")),
}

FILES = {
    "records.txt": N_("Records"),
    "blobs.txt": N_("Pictures"),
    "replies.txt": N_("Answers to orders"),
    "status.txt": N_("How the kiosk is"),
}

REFUSED = {
    Why.OFF_LIST: (
        N_("Not one of a stick's files"),
        N_("It was not read. Nothing is lost: kiosks write no such file."),
    ),
    Why.TOO_LARGE: (N_("Larger than a kiosk writes"), N_("It was not read. Let the kiosk write the stick again.")),
    Why.BROKEN: (N_("Damaged in the ZIP"), N_("It was not read. Send the folder itself, or pack it again.")),
}
"""Why one file was not taken, and what to do."""

FAULTS: dict[str, str] = {
    faults.WAITING: N_("%(what)s sticks are being worked on already. Try again in a minute or two."),
    faults.KIOSKS: N_("Tick or name the kiosks: from 1 to %(what)s in one ZIP."),
    faults.STRANGER: N_("Kiosk “%(what)s” is not registered, or was retired. “Kiosks” lists all."),
    faults.SIZE: N_("It would be more than %(what)s MiB. Take fewer kiosks at a time, or no update."),
    faults.NO_RELEASE: N_("The update to version %(what)s is not laid out here any more."),
    faults.FULL: N_("The centre's disk is full. Tell IT, then try again."),
    faults.CRASHED: N_(
        "The work ended without a word %(what)s times, and is not begun again. Send a smaller part of it; tell IT."
    ),
    faults.LOST: N_("Its file did not come whole, or went with a backup that was restored. Send the stick again."),
    faults.UNKNOWN: N_("Something failed that nobody foresaw (%(what)s): the centre's log says more. Tell IT."),
    Why.NOT_ZIP: N_("This is no ZIP, or not the whole of one. Pack the stick again, or choose its folder instead."),
    Why.LEADS_OUT: N_(
        "The name “%(what)s” leads out of the stick. No kiosk writes such a name: nothing was taken. Choose the stick's own folder."
    ),
    Why.TWICE: N_("“%(what)s” is there twice. Send one stick at a time."),
    Why.LINK: N_(
        "“%(what)s” is no plain file. Nothing was taken: copy the stick's files to this computer and send those."
    ),
    Why.LOCKED: N_("“%(what)s” has a password. Pack it without one: what is in it is sealed anyway."),
    Why.METHOD: N_(
        "“%(what)s” is packed in a way that is not read here. Pack it as a plain ZIP, or choose the folder."
    ),
    Why.MANY: N_("More than %(what)s files. Send the folder “from” alone, or one kiosk's folder after the other."),
    Why.DENSE: N_(
        "This ZIP unpacks to more than %(what)s times its size, as no stick does. Nothing was taken: choose the folder instead."
    ),
    Why.OVER: N_("Unpacked it is more than %(what)s MiB. Send one kiosk's folder after the other."),
    Why.NOTHING: N_("Nothing in it was written by a kiosk. Choose the folder “from” on the stick, or a ZIP of it."),
}
"""Why an order was not placed or failed, or an upload was not taken at all, and what to do."""

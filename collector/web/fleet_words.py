"""What the pages call alarms, orders and their answers. Each alarm says what it is and what to do."""

from __future__ import annotations

from typing import Final

from collector.commands import OrderState
from collector.fleet.alarms import AlarmKind
from collector.web.words import N_

ALARMS: Final = {
    AlarmKind.INCIDENT.value: (
        *("incident", "bad", N_("Contradicting records")),
        N_(
            "Two records under one number, or one that does not follow. Look at the incidents below; was the card copied?"
        ),
    ),
    AlarmKind.SILENT.value: (
        *("silent", "bad", N_("Silent")),
        N_("No word in working hours. Is there power, and the network? Its own records will tell whether it served."),
    ),
    AlarmKind.OUT_OF_SERVICE.value: (
        *("fault", "bad", N_("Out of service")),
        N_("Nobody can check in. The word on its screen says why; the manual has the mend for each."),
    ),
    AlarmKind.NO_FRAMES.value: (
        *("fault", "bad", N_("No pictures")),
        N_("The camera gives no pictures. Switch off, seat the cable anew, switch on."),
    ),
    AlarmKind.CERTIFICATE.value: (
        *("clock", "bad", N_("Certificate ends")),
        N_(
            "Renewal should have happened by itself. Look at the orders below; without it the kiosk is cut off on that day."
        ),
    ),
    AlarmKind.DISK.value: (
        *("stored", "ask", N_("Disk nearly full")),
        N_("Less than 500 MiB are free. When it is full the kiosk goes out of service and loses nothing."),
    ),
    AlarmKind.POWER.value: (
        *("fault", "ask", N_("Low voltage")),
        N_("The power supply is too weak. Use the one that belongs to the board, with its own cable."),
    ),
    AlarmKind.HOT.value: (
        *("fault", "ask", N_("Too hot")),
        N_("The board slows itself down from 80 °C. Out of the sun, and the slots free of dust."),
    ),
    AlarmKind.CLOCK.value: (
        *("clock", "ask", N_("Time not confirmed")),
        N_(
            "Nobody vouches for its clock, so its records go to review. Connect it to the network, or change the clock's battery."
        ),
    ),
    AlarmKind.BACKLOG.value: (
        *("behind", "ask", N_("Records pile up")),
        N_("It is connected and yet hundreds of records wait. Is ingest running? Then restart its relay."),
    ),
    AlarmKind.ROSTER.value: (
        *("roster", "ask", N_("Old roster")),
        N_("The newest list of faces has not arrived for an hour. Order it to fetch the roster again."),
    ),
    AlarmKind.SCORES.value: (
        *("live", "ask", N_("Recognises worse")),
        N_("The scores have fallen since last month. Wipe the lens; look for a new lamp or window behind the people."),
    ),
}
"""Icon, colour, name, and what to do."""

ORDERABLE: Final = {
    "identify": N_("Blink, so that I find it"),
    "test-lights": N_("Test lights and sound"),
    "refresh-roster": N_("Fetch the roster again"),
    "send-diagnostics": N_("Send diagnostics"),
    "restart-part": N_("Restart a part"),
    "renew-certificate": N_("Renew the certificate"),
    "update": N_("Update"),
    "wipe": N_("Wipe"),
}
"""Every command, as the pages call it."""

PARTS: Final = {
    "kiosk": N_("Camera and recognition"),
    "relay": N_("Way to the centre"),
    "screen": N_("Screen"),
}

ORDER_STATES: Final = {
    OrderState.OPEN.value: ("waiting", "plain", N_("Not answered yet")),
    OrderState.DONE.value: ("check", "good", N_("Done")),
    OrderState.REFUSED.value: ("fault", "ask", N_("Refused")),
    OrderState.FAILED.value: ("fault", "bad", N_("Failed")),
    OrderState.EXPIRED.value: ("clock", "down", N_("Expired")),
    OrderState.CANCELLED.value: ("aside", "down", N_("Taken back")),
}
"""Icon, colour and words."""

ROLLOUT_STATES: Final = {
    "running": ("live", "good", N_("Under way")),
    "paused": ("fault", "ask", N_("Paused")),
    "done": ("check", "good", N_("Finished")),
    "ended": ("aside", "down", N_("Given up")),
}

STAGES: Final = {
    "done": N_("updated"),
    "ordered": N_("at it"),
    "waiting": N_("waiting"),
    "failed": N_("failed"),
}

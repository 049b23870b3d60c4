"""What a kiosk can say to the person before it, by light, sound and screen alike."""

from __future__ import annotations

from enum import StrEnum


class Signal(StrEnum):
    """One state of the kiosk as the person before it meets it."""

    IDLE = "idle"  # nobody here, ready
    SEEN = "seen"  # a face is here, looking
    ADJUST = "adjust"  # a face is here but cannot be read yet: come closer, look here, too dark
    RECORDED = "recorded"  # on disk, the centre reachable
    RECORDED_OFFLINE = "recorded-offline"  # on disk, the centre not reachable: it counts all the same
    ALREADY = "already"  # recorded a moment ago, nothing new written
    NOT_RECOGNISED = "not-recognised"
    SEE_OFFICER = "see-officer"  # uncertain: a human must look
    OUT_OF_SERVICE = "out-of-service"
    IDENTIFY = "identify"  # a technician looks for this box
    TEST = "test"  # every light and the buzzer in turn, by a technician's wish
    STICK_WAIT = "stick-wait"  # a stick is plugged in and being written: leave it
    STICK_SAFE = "stick-safe"  # it may be pulled out
    STICK_REFUSED = "stick-refused"  # nothing was done with it

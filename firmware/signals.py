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

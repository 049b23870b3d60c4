"""What is wrong with a kiosk as a machine, in words that have a mend in docs/operations.md. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from collector.fleet.trend import Trend
from collector.reports.kiosks import FRESH, Health, KioskFacts

SILENT_AFTER = timedelta(minutes=10)
"""A kiosk tells how it is every five minutes: after two that were missed it is silent."""
SILENT_BY_STICK = timedelta(days=35)
"""A school without a network brings its stick once a month."""
NO_FRAME_AFTER = timedelta(minutes=5)
HOT_C = 80.0
"""Where a Raspberry Pi begins to slow itself down (raspberrypi.com, frequency management)."""
DISK_MIB = 500
BACKLOG = 500
"""Records without a receipt of a kiosk that is connected: more than an hour of a large office."""
CERTIFICATE = timedelta(days=21)
"""Renewal begins earlier: what is left then means that it does not work."""
ROSTER_AFTER = timedelta(hours=1)


class AlarmKind(StrEnum):
    """What is wrong, the gravest first."""

    INCIDENT = "incident"
    SILENT = "silent"
    OUT_OF_SERVICE = "out-of-service"
    NO_FRAMES = "no-frames"
    CERTIFICATE = "certificate"
    DISK = "disk"
    POWER = "power"
    HOT = "hot"
    CLOCK = "clock"
    BACKLOG = "backlog"
    ROSTER = "roster"
    SCORES = "scores"


GRAVE = frozenset({AlarmKind.INCIDENT, AlarmKind.SILENT, AlarmKind.OUT_OF_SERVICE, AlarmKind.NO_FRAMES})
"""Somebody may be unable to check in now, or records contradict each other; the rest can wait until tomorrow."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the kiosk itself does not tell. `working`: it is a time at which people of its unit come and go; `by_stick`: it has
    no network by decision; `registered_at`: when it became a kiosk; `roster_at`: when the newest roster was published to it."""

    working: bool
    by_stick: bool
    registered_at: datetime
    roster_at: datetime | None
    trend: Trend | None


def alarms(facts: KioskFacts, around: Surroundings, now: datetime) -> frozenset[AlarmKind]:
    """All that is wrong at `now`; nothing about a retired kiosk, and no silence outside working hours: schools switch off."""
    if facts.retired_at is not None:
        return frozenset()
    found = {
        AlarmKind.INCIDENT: facts.last_incident is not None and now - facts.last_incident < FRESH,
        AlarmKind.SILENT: _silent(facts, around, now),
        AlarmKind.SCORES: around.trend is not None and around.trend.falling,
    }
    if facts.health is not None and facts.health.online:
        found |= _of_health(facts, facts.health, around, now)
    elif facts.health is not None and around.by_stick:
        found |= _lasting(facts, facts.health)
    return frozenset(kind for kind, holds in found.items() if holds)


def _silent(facts: KioskFacts, around: Surroundings, now: datetime) -> bool:
    contact = facts.last_contact
    if around.by_stick:
        return contact is not None and now - contact > SILENT_BY_STICK
    if not around.working:
        return False
    return now - (contact or around.registered_at) > SILENT_AFTER  # one that is set up has not spoken yet


def _of_health(facts: KioskFacts, health: Health, around: Surroundings, now: datetime) -> dict[AlarmKind, bool]:
    """What a connected kiosk says of itself."""
    held_back = health.throttled
    frame, end, roster = health.last_frame_at, health.certificate_until, facts.roster_version
    behind = roster is not None and health.roster_version < roster
    return _lasting(facts, health) | {
        AlarmKind.OUT_OF_SERVICE: around.working and health.state == "out-of-service",
        AlarmKind.NO_FRAMES: around.working and frame is not None and health.received_at - frame > NO_FRAME_AFTER,
        AlarmKind.CERTIFICATE: end is not None and end - now < CERTIFICATE,
        AlarmKind.POWER: "under-voltage" in held_back,
        AlarmKind.HOT: "hot" in held_back or (health.temperature_c or 0.0) >= HOT_C,
        AlarmKind.BACKLOG: health.backlog > BACKLOG,
        AlarmKind.ROSTER: behind and around.roster_at is not None and now - around.roster_at > ROSTER_AFTER,
    }


def _lasting(facts: KioskFacts, health: Health) -> dict[AlarmKind, bool]:
    """What stays as it is until somebody comes, so that a word of weeks ago, which a stick brought, is as good as one of now."""
    return {
        AlarmKind.DISK: health.disk_free_mib is not None and health.disk_free_mib < DISK_MIB,
        AlarmKind.CLOCK: facts.last is not None and facts.last.clock_source == "none",
    }

"""What a look comes to. Pure: no clock, no disk, no network."""

from kiosk.checkin.decision import Decision, Evidence, Glance, Outcome, Rules
from kiosk.checkin.machine import by_pin, step
from kiosk.checkin.state import State

__all__ = ["Decision", "Evidence", "Glance", "Outcome", "Rules", "State", "by_pin", "step"]

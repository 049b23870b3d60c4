"""Presence by PIN: who may, whether it is right, and how long whoever guesses must wait. Nothing here remembers a PIN."""

from kiosk.pin.desk import Answer, Ask, PinDesk, Said
from kiosk.pin.lockout import Limits, Lockout

__all__ = ["Answer", "Ask", "Limits", "Lockout", "PinDesk", "Said"]

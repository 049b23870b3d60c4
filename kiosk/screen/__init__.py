"""The page on the wall: live picture, big state, and whether it counted. Loopback only."""

from kiosk.screen.card import Card, Picture, Surroundings
from kiosk.screen.name import short_name
from kiosk.screen.server import ScreenServer

__all__ = ["Card", "Picture", "ScreenServer", "Surroundings", "short_name"]

"""A marked USB stick as a folder, for the kiosk and for the centre: nothing is read or written but the closed list of names."""

from stick.errors import FullError, NotMarkedError, StickError
from stick.folder import StickFolder, mark

__all__ = ["FullError", "NotMarkedError", "StickError", "StickFolder", "mark"]

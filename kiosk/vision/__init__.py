"""From a frame to faces with their probe vectors."""

from kiosk.vision.look import BURST, Look, Vision

__all__ = ["BURST", "Look", "Vision"]

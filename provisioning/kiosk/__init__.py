"""From a fresh Debian or Raspberry Pi OS to a kiosk in service, step by step."""

from provisioning.kiosk.plan import plan
from provisioning.kiosk.wish import Wish

__all__ = ["Wish", "plan"]

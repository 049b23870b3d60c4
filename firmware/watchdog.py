"""Tells systemd that the process is ready and alive (sd_notify(3)): datagrams to the socket it names."""

from __future__ import annotations

import os
import socket


def notify(message: str) -> bool:
    """Send `READY=1`, `WATCHDOG=1`, `STOPPING=1`, …; False where no service manager listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.sendto(message.encode(), address.replace("@", "\0", 1) if address.startswith("@") else address)
        except OSError:
            return False  # the manager is restarting: the next beat tells it
    return True

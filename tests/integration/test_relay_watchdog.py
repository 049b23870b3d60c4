"""The relay and the service manager: ready, alive with every turn of its loop, stopping."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.fixtures.brokers import free_port


def test_the_service_manager_hears_that_the_relay_turns(tmp_path: Path) -> None:
    config = tmp_path / "kiosk.toml"
    config.write_text(
        f'[folders]\nledger = "{tmp_path}/kiosk"\nrelay = "{tmp_path}/relay"\n[relay]\nport = {free_port()}\ntls = false\n'
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        arguments = [sys.executable, "-m", "cli", "kiosk", "relay", "--config", str(config)]
        process = subprocess.Popen(arguments, env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")})
        try:
            assert [manager.recv(100) for _ in range(4)] == [b"READY=1", *[b"WATCHDOG=1"] * 3]
            process.send_signal(signal.SIGTERM)
            while (word := manager.recv(100)) == b"WATCHDOG=1":
                pass
            assert word == b"STOPPING=1"
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()

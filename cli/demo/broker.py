"""A broker for the demo, on loopback and without TLS: mosquitto where it is installed, else amqtt from PyPI.

Run as a program it is the amqtt broker: `python -m cli.demo.broker PORT`.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from pathlib import Path

from cli.demo.processes import Processes, answers

MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
"""


def find_mosquitto() -> str | None:
    """The program's path; Debian keeps it where only root's PATH looks."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def start_broker(processes: Processes, folder: Path, port: int) -> str:
    """Start a broker and wait until it listens; the name of the one taken."""
    mosquitto = find_mosquitto()
    if mosquitto:
        config = folder / "mosquitto.conf"
        config.write_text(MOSQUITTO.format(port=port))
        processes.start("broker", mosquitto, "-c", str(config))
    else:
        processes.start("broker", sys.executable, "-m", "cli.demo.broker", str(port))
    processes.wait_for(lambda: answers(port), "the broker listens", 15)
    return "mosquitto" if mosquitto else "amqtt"


async def _serve(port: int) -> None:
    from amqtt.broker import Broker  # noqa: PLC0415 - slow to import, and only this process needs it

    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await broker.start()
    await stop.wait()
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))

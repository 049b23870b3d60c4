"""Starting, watching and stopping the demo's processes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cli.output import Failure

STOP_LIMIT_S = 8.0
TAIL_LINES = 12


class Processes:
    """Child processes with one log file each; stopped in the order opposite to their start."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, *command: str) -> None:
        """Start a program of this machine."""
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own commands, never a user's text
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "PYTHONFAULTHANDLER": "1"},
            )

    def start_siperlu(self, name: str, *arguments: str) -> None:
        """Start a `siperlu` command."""
        self.start(name, sys.executable, "-m", "cli", *arguments)

    def pid(self, name: str) -> int:
        """The process id."""
        return self._running[name].pid

    def check(self) -> None:
        """Raise Failure when one has ended that should not have, with the last lines of its log."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise Failure(f"{name} ended with status {process.returncode}:\n{self.tail(name)}")

    def tail(self, name: str) -> str:
        """The last lines of its log."""
        lines = (self._logs / f"{name}.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])

    def wait_for(self, condition: Callable[[], bool], what: str, limit_s: float) -> None:
        """Wait until something is true. Raises Failure when a process ends or the time does."""
        end = time.monotonic() + limit_s
        while not condition():
            self.check()
            if time.monotonic() > end:
                raise Failure(f"{what}: not within {limit_s:.0f} s; see {self._logs}")
            time.sleep(0.05)

    def kill(self, name: str) -> None:
        """End it at once, as a power cut would (SIGKILL)."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def stop_one(self, name: str) -> None:
        """Ask it to end; kill it when it does not."""
        process = self._running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def stop(self) -> None:
        """Ask each to end, last started first. Twice is fine."""
        for name in reversed(list(self._running)):
            self.stop_one(name)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens on this port of 127.0.0.1."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False

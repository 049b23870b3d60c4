"""A machine that commands are run on: over SSH, or this one. The seam that steps are written against."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from provisioning.errors import ConnectionLost, StepFailed

LIMIT_S: Final = 900.0
CONNECT_S: Final = 10
LOST: Final = 255
"""What ssh(1) itself exits with."""
SHOWN: Final = 600
"""Characters of a command's own words that an error repeats."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a script ended with, and what it said."""

    code: int
    out: str
    err: str


class Shell(Protocol):
    """Runs scripts as root. `words` arrive as $1, $2, …, whatever is in them; `given` is the script's standard input."""

    @property
    def name(self) -> str:
        """The machine's name in messages."""
        ...

    def run(self, script: str, *words: str, given: bytes | Path = b"", limit_s: float = LIMIT_S) -> Done:
        """Run a POSIX shell script. Raises ConnectionLost when the machine does not answer, StepFailed past the limit."""
        ...


def must(shell: Shell, script: str, *words: str, given: bytes | Path = b"", limit_s: float = LIMIT_S) -> str:
    """What a script said that has to succeed. Raises StepFailed with its own last words, ConnectionLost."""
    done = shell.run(script, *words, given=given, limit_s=limit_s)
    if done.code:
        said = (done.err or done.out).strip()[-SHOWN:] or "it said nothing"
        raise StepFailed(f"exit status {done.code}: {said}")
    return done.out


@dataclass(frozen=True, slots=True)
class Access:
    """How a machine is reached: everything else is ssh_config(5)'s and the agent's business.

    `accept_new`: a machine never seen before is taken on trust, and remembered; a changed key is always refused.
    """

    host: str
    user: str = "root"
    port: int = 22
    identity: Path | None = None
    known_hosts: Path | None = None
    accept_new: bool = False


class SshShell:
    """OpenSSH's client, one connection for all scripts. Close it at the end."""

    def __init__(self, access: Access) -> None:
        self.name = access.host
        self._access = access
        self._sockets = tempfile.TemporaryDirectory(prefix="siperlu-")
        self._line = [*_options(access, Path(self._sockets.name)), "--", access.host]

    def run(self, script: str, *words: str, given: bytes | Path = b"", limit_s: float = LIMIT_S) -> Done:
        """As `Shell.run`."""
        remote = ["sh", "-euc", script, "siperlu", *words]
        if self._access.user != "root":
            remote = ["sudo", "-n", *remote]
        done = _run(["ssh", *self._line, shlex.join(remote)], given, limit_s, self.name)
        if done.code == LOST:
            raise ConnectionLost(f"{self.name}: {_why(done.err)}")
        return done

    def close(self) -> None:
        """End the connection. Twice is fine."""
        subprocess.run(["ssh", "-O", "exit", *self._line], check=False, capture_output=True)  # noqa: S603, S607
        self._sockets.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class LocalShell:
    """The machine one is root on already."""

    name = "this machine"

    def run(self, script: str, *words: str, given: bytes | Path = b"", limit_s: float = LIMIT_S) -> Done:
        """As `Shell.run`."""
        return _run(["sh", "-euc", script, "siperlu", *words], given, limit_s, self.name)


def _options(access: Access, sockets: Path) -> list[str]:
    settings = {
        "BatchMode": "yes",
        "ConnectTimeout": str(CONNECT_S),
        "ServerAliveInterval": "15",
        "StrictHostKeyChecking": "accept-new" if access.accept_new else "yes",
        "ControlMaster": "auto",
        "ControlPath": str(sockets / "c"),
        "ControlPersist": "60",
    }
    if access.known_hosts:
        settings["UserKnownHostsFile"] = str(access.known_hosts)
    words = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    words += ["-i", str(access.identity), "-o", "IdentitiesOnly=yes"] if access.identity else []
    return [*words, "-p", str(access.port), "-l", access.user]


def _run(line: Sequence[str], given: bytes | Path, limit_s: float, name: str) -> Done:
    try:
        if isinstance(given, Path):
            with given.open("rb") as stream:
                done = subprocess.run(line, stdin=stream, capture_output=True, timeout=limit_s, check=False)  # noqa: S603
        else:
            done = subprocess.run(line, input=given, capture_output=True, timeout=limit_s, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise StepFailed(f"{name} did not finish within {limit_s:.0f} s; look at it, then run this again") from error
    return Done(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


_BROKE_OFF: Final = (
    "the connection broke off: is it still on, and on this network? Run this again, it goes on where it stopped"
)
_REASONS: Final = {
    "Host key verification failed": "its host key is not known or has changed: look at the box; --accept-new for first contact",
    "Permission denied": "it lets nobody in with the keys at hand: put your public key on it (Raspberry Pi Imager does)",
    "Could not resolve": "its name is not known here: check the address",
    "Connection refused": "SSH is not on: enable it (Raspberry Pi Imager does), and check the port",
    "not responding": _BROKE_OFF,
    "closed by remote host": _BROKE_OFF,
    "Connection reset": _BROKE_OFF,
    "Broken pipe": _BROKE_OFF,
    "timed out": "it does not answer: is it on, and on this network?",
    "No route to host": "there is no way to it: is it on, and on this network?",
    "Network is unreachable": "there is no way to it: is this machine on its network?",
}


def _why(said: str) -> str:
    """What ssh said, with the mend where there is one. Of a line that breaks under a shared connection it says nothing."""
    if not said.strip():
        return _BROKE_OFF
    mend = next((mend for words, mend in _REASONS.items() if words in said), "")
    last = said.strip().splitlines()[-1][:SHOWN]
    return f"{last}; {mend}" if mend else last

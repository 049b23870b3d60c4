"""What the agent did: one file a command, begun before the act and finished after it, read by the relay."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path

from kiosk.files import sync
from wire.errors import ContractError
from wire.messages import REPLY, Reply

BEGUN = "begun"
"""Key of a reply's detail while the act has not ended: an agent that finds it at its start was interrupted."""
MOST = 1000


class Answers:
    """A folder of replies by the command's id, which is a safe file name by its contract."""

    def __init__(self, folder: Path) -> None:
        """Make the folder where there is none. Raises OSError."""
        self._folder = folder
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)

    def known(self, number: str) -> bool:
        """Whether this command was begun before, ended or not."""
        return (self._folder / _name(number)).exists()

    def begin(self, reply: Reply) -> None:
        """Note, durably, that an act begins: after a power cut it is not done a second time."""
        self._write(replace(reply, outcome="failed", detail={BEGUN: True, "reason": "interrupted"}))

    def end(self, reply: Reply) -> None:
        """Note what became of it. Raises OSError."""
        self._write(reply)
        self._trim()

    def interrupted(self) -> list[Reply]:
        """Acts that were begun and have not ended."""
        return [
            reply for path in sorted(self._folder.glob("*.reply")) if (reply := _read(path)) and BEGUN in reply.detail
        ]

    def _write(self, reply: Reply) -> None:
        path = self._folder / _name(reply.id)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
            file.write(REPLY.encode(reply))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync(self._folder)

    def _trim(self) -> None:
        """The oldest go; a command so old has ended long ago and is not sent again."""
        kept = sorted(self._folder.glob("*.reply"), key=lambda path: path.stat().st_mtime_ns)
        for path in kept[:-MOST]:
            path.unlink(missing_ok=True)


def answer(folder: Path, number: str) -> Reply | None:
    """The finished answer to a command; None while there is none that can be read."""
    reply = _read(folder / _name(number))
    return None if reply is None or BEGUN in reply.detail else reply


def _read(path: Path) -> Reply | None:
    try:
        return REPLY.decode(path.read_bytes())
    except (OSError, ContractError):
        return None


def _name(number: str) -> str:
    return f"{number}.reply"

"""What a USB stick brought: the agent lays it out as one file, the relay takes it in like what the broker brings, once.

The file's name is the digest of what is in it. The agent alone writes the folder; which file was taken stands in relay.db, so
that neither writes what is the other's, and a relay.db that is made anew takes it again.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as upsert

from kiosk.relay.link import Came
from kiosk.relay.tables import SPOOL
from wire.stick import whole_lines

FOLDER = "spool"
BATCH = 250
BATCH_BYTES = 4 << 20
_NAME = re.compile(r"[0-9a-f]{64}\.txt")


def waiting(agent: Path) -> str | None:
    """Name of the file that lies in the agent's folder; None without any."""
    try:
        names = sorted(path.name for path in (agent / FOLDER).iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return None
    return names[-1] if names else None


def batches(agent: Path, name: str) -> Iterator[list[Came]]:
    """The messages of a file, some at a time, as nothing but bytes under a topic. Raises OSError."""
    handle = os.open(agent / FOLDER / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{name} is no plain file")
        batch: list[Came] = []
        size = 0
        for line in whole_lines(file.readline):
            topic, _, payload = line.partition(b"\t")
            batch.append(Came(topic.decode("ascii", "replace"), payload))
            size += len(line)
            if len(batch) == BATCH or size > BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch


def taken(connection: Connection) -> str | None:
    """Name of the file that was taken in last."""
    return connection.execute(select(SPOOL.c.name)).scalar()


def note(connection: Connection, name: str) -> None:
    """A file was taken in to its end."""
    row = {"id": 1, "name": name}
    connection.execute(upsert(SPOOL).values(row).on_conflict_do_update(index_elements=["id"], set_=row))

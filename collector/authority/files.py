"""Files of the authority: written whole or not at all, and kept in the hands of those who use them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PUBLIC = 0o644
SECRET = 0o600


def write_whole(path: Path, content: bytes, mode: int = PUBLIC) -> None:
    """Put a file in the place of an older one in one step: a reader finds the old or the new. Raises OSError.

    The new file gets the group of its folder where this process may give it: several users of one group read it.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET), "wb") as file:
            file.write(content)
            file.flush()
            if os.geteuid() == 0:
                os.fchown(file.fileno(), -1, path.parent.stat().st_gid)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

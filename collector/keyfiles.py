"""Files of secret keys: `<stem>-<n>.jwk`, written whole or not at all, read only where nobody else may."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from collector.errors import KeysError
from wire.errors import SealError

T = TypeVar("T")


def numbers_in(folder: Path, stem: str) -> list[int]:
    """Numbers of the keys `<stem>-<n>.jwk` in a folder, oldest first. Raises OSError."""
    names = (re.fullmatch(rf"{stem}-([1-9]\d{{0,8}})\.jwk", path.name) for path in folder.iterdir())
    return sorted(int(found[1]) for found in names if found)


def read_secret(path: Path, read: Callable[[dict[str, str]], T]) -> T:
    """A secret key by what `read` makes of its JWK. Raises KeysError where others may read it, or it is none; OSError."""
    mode = path.stat().st_mode & 0o777
    if mode & 0o037:
        raise KeysError(f"{path}: mode {mode:04o} lets others read or change a secret key; chmod 600 {path}")
    try:
        return read(json.loads(path.read_text("ascii")))
    except (ValueError, AttributeError, KeyError, TypeError, SealError) as error:
        raise KeysError(f"{path}: not a private key ({type(error).__name__}); restore it from the backup") from error


def write_secret(path: Path, secret: dict[str, str]) -> None:
    """Whole or not at all, and never over another: two processes that start at once end with the same key."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(secret, file)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

"""The centre's public keys, read again when their file changes: an overlap of old and new needs no restart."""

from __future__ import annotations

import logging
from pathlib import Path

from wire.errors import WireError
from wire.jwks import KEY_SET
from wire.seals import Keyring, Recipient

BOX = "centre/box"

LOG = logging.getLogger(__name__)


class CentreKeys:
    """The keys in a JSON Web Key Set file; none while it is missing or not readable, which is logged once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = (-1,)
        self._ring = Keyring()
        self._box: Recipient | None = None

    def ring(self) -> Keyring:
        """The keys that verify, as the file has them now."""
        self._look()
        return self._ring

    def box(self) -> Recipient | None:
        """The key that is encrypted to for the centre; None while the file names none."""
        self._look()
        return self._box

    def _look(self) -> None:
        try:
            stat = self._path.stat()
            now: tuple[int, ...] | None = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        except OSError:
            now = None
        if now != self._seen:
            self._seen = now
            self._ring, self._box = self._read()

    def _read(self) -> tuple[Keyring, Recipient | None]:
        try:
            keys = KEY_SET.decode(self._path.read_bytes())
            ring, box = keys.keyring(), keys.recipients().get(BOX)
        except (OSError, WireError) as error:
            LOG.error("%s: no keys of the centre, so nothing it says is believed (%s)", self._path, error)  # noqa: TRY400
            return Keyring(), None
        LOG.info("%s: %d keys of the centre", self._path, len(ring))
        return ring, box

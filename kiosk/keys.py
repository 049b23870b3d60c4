"""The kiosk's own secret keys: one file each, mode 0600, in a folder of mode 0700.

Made by root, as at registration, they belong to the owner of the folder above: the process that will use them.
A key file that is damaged is an error, never replaced in silence: another key would start another chain unannounced.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from kiosk.database import Trouble, trouble_of_files
from kiosk.files import hand_over, sync
from wire.errors import SealError
from wire.jwks import KeySet, key_set
from wire.seals import DecryptionKey, KeyName, SealingKey

LOG = logging.getLogger(__name__)

FOLDER_MODE = 0o700
FILE_MODE = 0o600

K = TypeVar("K", SealingKey, DecryptionKey)


class KeyFileError(RuntimeError):
    """A key file that cannot be read or written; the text names the file and the mend, never its content.

    `trouble`: full or read-only when it could not be written.
    """

    def __init__(self, text: str, trouble: Trouble = Trouble.OTHER) -> None:
        super().__init__(text)
        self.trouble = trouble


class KioskKeys:
    """The keys of the kiosk process: record keys (Ed25519, one a chain) and the roster key (X25519)."""

    def __init__(self, folder: Path, kiosk: str) -> None:
        """Open the keys in `folder`, or make the first ones. Raises KeyFileError."""
        self._folder = folder
        self._kiosk = kiosk
        _open_folder(folder)
        self._records = self._load_records() or {1: _make(SealingKey, self._record_file(1), KeyName(kiosk, 1))}
        self.roster = _open(DecryptionKey, folder / "roster-1.jwk", KeyName(f"{kiosk}/roster", 1))

    @property
    def record(self) -> SealingKey:
        """The newest record key: it signs the chain that is written now."""
        return self._records[max(self._records)]

    def find(self, chain: str) -> SealingKey | None:
        """The record key whose thumbprint is `chain`; None when it is not, or no longer, here."""
        return next((key for key in self._records.values() if key.public.thumbprint == chain), None)

    def chain_of(self, number: int) -> str | None:
        """The chain that key `number` signs; None when that key is not here."""
        key = self._records.get(number)
        return key.public.thumbprint if key else None

    def renew(self, above: int = 0) -> SealingKey:
        """Make the next record key, with a number higher than every one here and than `above`. Raises KeyFileError."""
        number = max(above, *self._records) + 1
        self._records[number] = _make(SealingKey, self._record_file(number), KeyName(self._kiosk, number))
        return self.record

    def is_used(self, key: SealingKey) -> bool:
        """Whether a record was ever signed with this key: if so and its ledger is gone, the chain cannot go on."""
        return self._mark(key).exists()

    def mark_used(self, key: SealingKey) -> None:
        """Note, durably, that a record was signed with this key. Raises KeyFileError."""
        mark = self._mark(key)
        if mark.exists():
            return
        try:
            mark.touch(mode=FILE_MODE)
            sync(mark)
            sync(self._folder)
        except OSError as error:
            raise _unwritten(mark, error) from error

    def public(self) -> KeySet:
        """The public halves, for the centre."""
        return key_set([key.public for key in self._records.values()], [self.roster.recipient])

    def _record_file(self, number: int) -> Path:
        return self._folder / f"record-{number}.jwk"

    def _mark(self, key: SealingKey) -> Path:
        return self._folder / f"record-{key.public.name.number}.used"

    def _load_records(self) -> dict[int, SealingKey]:
        numbers = (path.stem.removeprefix("record-") for path in self._folder.glob("record-*.jwk"))
        return {
            int(number): _load(SealingKey, self._record_file(int(number)), KeyName(self._kiosk, int(number)))
            for number in numbers
            if number.isascii() and number.isdigit()
        }


def open_relay_key(folder: Path, kiosk: str) -> SealingKey:
    """The key that seals a relay's status and replies, made at first use. Raises KeyFileError."""
    _open_folder(folder)
    return _open(SealingKey, folder / "relay-1.jwk", KeyName(f"{kiosk}/relay", 1))


def _open(kind: type[K], path: Path, name: KeyName) -> K:
    return _load(kind, path, name) if path.exists() else _make(kind, path, name)


def _open_folder(folder: Path) -> None:
    try:
        if not folder.exists():
            folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            hand_over(folder)
        _tighten(folder, FOLDER_MODE)
    except OSError as error:
        raise _unwritten(folder, error) from error


def _unwritten(path: Path, error: OSError) -> KeyFileError:
    text = f"{path}: keys cannot be written there ({error}); free the disk, or make it writable for this process"
    return KeyFileError(text, trouble_of_files(error))


def _make(kind: type[K], path: Path, name: KeyName) -> K:
    """A new key on disk. Written under another name and linked when whole: a power cut leaves a whole key or none."""
    key = kind.generate(name)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write_new(draft, json.dumps({**key.private, "kid": str(name)}).encode())
        hand_over(draft)
        os.link(draft, path)
        draft.unlink()
        sync(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _unwritten(path, error) from error
    LOG.info("made key %s", name)
    return key


def _load(kind: type[K], path: Path, name: KeyName) -> K:
    try:
        _tighten(path, FILE_MODE)
        secret = json.loads(path.read_bytes())
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read ({error}); mend its owner and mode (0600)") from error
    except ValueError as error:
        raise KeyFileError(f"{path}: damaged, not JSON; {_MEND}") from error
    if not isinstance(secret, Mapping):
        raise KeyFileError(f"{path}: damaged, not a key; {_MEND}")
    if secret.get("kid") != str(name):
        found = str(secret.get("kid"))[:80]
        raise KeyFileError(f"{path}: holds key {found!r}, expected {str(name)!r}; is kiosk.id in the settings right?")
    parts = {part: str(secret.get(part, "")) for part in ("x", "d")}
    if not parts["d"]:
        raise KeyFileError(f"{path}: damaged, without its secret half; {_MEND}")
    try:
        return kind.from_private(name, parts)
    except SealError as error:
        raise KeyFileError(f"{path}: damaged ({error}); {_MEND}") from error


_MEND = "restore it from where it was copied, or move it away: a new chain then starts"


def _tighten(path: Path, mode: int) -> None:
    """Take away what others may do with it."""
    found = path.stat().st_mode & 0o777
    if found & ~mode:
        LOG.warning("%s had mode %04o, set to %04o: others could read keys", path, found, mode)
        path.chmod(mode)


def _write_new(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)

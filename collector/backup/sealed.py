"""An encrypted stream: a key from the passphrase by scrypt, pieces sealed by AES-256-GCM one after the other.

`SPB1`, 16 bytes of salt, then pieces: 4 bytes of length, and the sealed piece. A piece's nonce is its number and whether it is the
last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015): none can be cut off, left out or moved.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from collector.errors import BackupError

MARK = b"SPB1"
SALT = 16
PIECE = 1 << 20
TAG = 16
_LENGTH = struct.Struct(">I")


def seal(source: BinaryIO, target: BinaryIO, passphrase: str) -> None:
    """Encrypt all of `source` into `target`."""
    salt = secrets.token_bytes(SALT)
    cipher = AESGCM(_key(passphrase, salt))
    target.write(MARK + salt)
    piece, number = source.read(PIECE), 0
    while True:
        after = source.read(PIECE)
        sealed = cipher.encrypt(_nonce(number, last=not after), piece, MARK + salt)
        target.write(_LENGTH.pack(len(sealed)) + sealed)
        if not after:
            return
        piece, number = after, number + 1


def unseal(source: BinaryIO, target: BinaryIO, passphrase: str) -> None:
    """Decrypt into `target`. Raises BackupError: another passphrase, a changed byte, a piece too few or too many."""
    head = source.read(len(MARK) + SALT)
    if not head.startswith(MARK) or len(head) != len(MARK) + SALT:
        raise BackupError("not a backup of the centre")
    cipher = AESGCM(_key(passphrase, head[len(MARK) :]))
    pieces = _pieces(source)
    piece, number = next(pieces, b""), 0
    while True:
        after = next(pieces, None)
        try:
            target.write(cipher.decrypt(_nonce(number, last=after is None), piece, head))
        except InvalidTag as error:
            raise BackupError("another passphrase, or the file was changed or cut off: take another copy") from error
        if after is None:
            return
        piece, number = after, number + 1


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while head := source.read(_LENGTH.size):
        size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
        piece = source.read(size) if TAG <= size <= PIECE + TAG else b""
        if not piece or len(piece) != size:
            raise BackupError("the file was changed or cut off: take another copy")
        yield piece


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())

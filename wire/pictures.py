"""The picture inside a blob: what it may be. Read from its first bytes, without decoding it: a reader decodes nothing larger.

ISO/IEC 10918-1 (JPEG), annex B; W3C PNG, 11.2.2.
"""

from __future__ import annotations

from wire.errors import ContractError

MAX_BLOB_BYTES = 131_072
"""Longest sealed blob that is accepted."""

MAX_PICTURE_BYTES = 65_536
"""Longest picture in it: encrypted and sealed, in base64 twice, it stays below the longest blob."""

MAX_SIDE_PX = 1024
"""Most pixels of a side: a few bytes of a hostile picture can ask its reader for gigabytes."""

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers of a frame, which say how large it is; C4, C8 and CC say something else."""


def picture_kind(picture: bytes) -> str:
    """`image/jpeg` or `image/png`. Raises ContractError for anything else, and for one that is too long, too large, or empty."""
    if len(picture) > MAX_PICTURE_BYTES:
        raise ContractError(f"picture: {len(picture)} bytes, at most {MAX_PICTURE_BYTES}")
    if picture.startswith(_JPEG):
        kind, size = "image/jpeg", _jpeg_size(picture)
    elif picture.startswith(_PNG):
        kind, size = "image/png", _png_size(picture)
    else:
        raise ContractError("picture: neither JPEG nor PNG by its first bytes")
    if size is None or not all(0 < side <= MAX_SIDE_PX for side in size):
        raise ContractError(f"picture: of {size or 'unknown'} pixels, a side has 1 to {MAX_SIDE_PX}")
    return kind


def _jpeg_size(picture: bytes) -> tuple[int, int] | None:
    """Width and height by the first frame header."""
    at = 2
    while at + 9 <= len(picture) and picture[at] == 0xFF:
        marker = picture[at + 1]
        if marker in _FRAMES:
            return _number(picture, at + 7), _number(picture, at + 5)
        at += 2 + _number(picture, at + 2)
    return None


def _png_size(picture: bytes) -> tuple[int, int] | None:
    if len(picture) < 24 or picture[12:16] != b"IHDR":
        return None
    return int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])


def _number(picture: bytes, at: int) -> int:
    return int.from_bytes(picture[at : at + 2])

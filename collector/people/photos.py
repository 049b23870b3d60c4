"""Pictures in folders, one a person: found without following links, decoded only within limits."""

from __future__ import annotations

import stat
import struct
from pathlib import Path

import cv2
import numpy as np

from collector.errors import PeopleError, PhotoError
from models.face import Image

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 64_000_000
LONGEST_SIDE = 1600
"""Larger pictures are made so small before faces are looked for, pixels."""
SUFFIXES = (".jpg", ".jpeg", ".png")

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_MOST_SEGMENTS = 1000
_NO_FRAME = (0xC4, 0xC8, 0xCC)  # of 0xC0 to 0xCF: tables, not the start of a frame


def find(folder: Path) -> dict[str, tuple[Path, ...]]:
    """FOLDER/<person>/<picture>: pictures by the name of their folder, both sorted. Raises PeopleError.

    Links are passed over: what they point to may lie anywhere.
    """
    try:
        people = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
        return {person.name: _pictures(person) for person in people}
    except OSError as error:
        raise PeopleError(f"{error.filename}: {error.strerror}; name a folder with one folder a person") from error


def read(path: Path) -> bytes:
    """The bytes of a picture. Raises PhotoError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PhotoError(f"cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise PhotoError(f"larger than {MAX_BYTES // 2**20} MiB; make it smaller")
    return raw


def decode(raw: bytes) -> Image:
    """A JPEG or PNG as BGR, upright by its EXIF, at most LONGEST_SIDE long. Raises PhotoError.

    The size its header tells is checked before anything is decoded: a few bytes can claim terabytes.
    """
    width, height = _size(raw)
    if not 0 < width * height <= MAX_PIXELS:
        raise PhotoError(
            f"{width} x {height} pixels, at most {MAX_PIXELS // 1_000_000} million are read; make it smaller"
        )
    try:
        image = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise PhotoError("a damaged picture; export it again") from error
    if image is None:
        raise PhotoError("a damaged picture; export it again")
    scale = LONGEST_SIDE / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image, np.uint8)


def _pictures(person: Path) -> tuple[Path, ...]:
    return tuple(
        path
        for path in sorted(person.iterdir())
        if path.suffix.lower() in SUFFIXES and stat.S_ISREG(path.lstat().st_mode)
    )


def _size(raw: bytes) -> tuple[int, int]:
    """Width and height by the header."""
    try:
        if raw.startswith(_PNG) and raw[12:16] == b"IHDR":
            width, height = struct.unpack_from(">II", raw, 16)
            return width, height
        if raw.startswith(_JPEG):
            return _jpeg_size(raw)
    except struct.error as error:
        raise PhotoError("a damaged picture: its header is cut short; export it again") from error
    raise PhotoError("neither JPEG nor PNG; save it as one of them")


def _jpeg_size(raw: bytes) -> tuple[int, int]:
    """Walks the segments up to the first start of a frame (ITU T.81, B.1.1 and B.2.2)."""
    place = 2
    for _ in range(_MOST_SEGMENTS):
        mark, code, length = struct.unpack_from(">BBH", raw, place)
        if mark != 0xFF:
            break
        if code == 0xFF:  # a fill byte
            place += 1
        elif 0xC0 <= code <= 0xCF and code not in _NO_FRAME:
            height, width = struct.unpack_from(">HH", raw, place + 5)
            return width, height
        else:
            place += 2 + length
    raise PhotoError("a damaged picture: no frame in it; export it again")

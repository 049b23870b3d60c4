"""A stick as one ZIP: looked at from outside before a byte of it is unpacked, and made so that the same files give the same bytes."""

from __future__ import annotations

import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from collector.errors import StickSentError, StickUseError
from collector.sticks import faults
from collector.sticks.sent import MOST_FILES, Refused, Sent, Why, shown, sort_out
from stick import StickFolder
from wire.stick import MARKED, MARKER, STICK_MARKER, TO_KIOSK, Place

PIECE = 1 << 20
MOST_LIST = 1 << 20
"""Bytes of a ZIP's list of files. Without a limit, a list of 256 MiB would be gibibytes once it is read."""
MOST_RATIO = 25
"""Bytes out of one byte in: sealed records, which repeat their words in Base64, give at most 9."""
SMALL = 1 << 20
"""Bytes of a file up to which nobody asks how it was packed."""

_END = struct.Struct("<4s4H2LH")
_END_MARK, _END64_MARK, _END64_SIZE = b"PK\5\6", b"PK\6\7", 20
_STARTED = (1980, 1, 1, 0, 0, 0)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)


@dataclass(frozen=True, slots=True)
class Contents:
    """A ZIP that may be unpacked: what is kept of it, and the entries that `sent.kept` counts."""

    sent: Sent
    entries: tuple[zipfile.ZipInfo, ...]


def contents(file: BinaryIO, most: int) -> Contents:
    """Look at a ZIP without unpacking it. `most`: bytes that what is kept may have. Raises StickSentError."""
    size = _check_list(file)
    try:
        with zipfile.ZipFile(file) as opened:
            entries = [one for one in opened.infolist() if not _folder(one)]
    except (*_BROKEN, OSError) as error:
        raise StickSentError(Why.NOT_ZIP, "") from error
    for one in entries[:MOST_FILES]:
        _check(one)
    if sum(one.compress_size for one in entries) > size:  # entries that share their bytes
        raise StickSentError(Why.DENSE, str(MOST_RATIO))
    return Contents(sort_out([(one.orig_filename, one.file_size) for one in entries], most), tuple(entries))


def unpack(file: BinaryIO, found: Contents, folder: Path) -> list[Refused]:
    """Unpack what is kept into a folder, as a stick has it; those that do not come out whole, and none of whose bytes stay.

    Raises OSError when the folder's disk is full.
    """
    refused = []
    with zipfile.ZipFile(file) as opened:
        for number, place in found.sent.kept:
            entry, target = found.entries[number], folder.joinpath(*place.steps)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with opened.open(entry) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy, PIECE)
                if target.stat().st_size != entry.file_size:
                    raise EOFError
            except _BROKEN:
                target.unlink(missing_ok=True)
                refused.append(Refused(shown(entry.orig_filename), Why.BROKEN))
    return refused


def pack(files: Iterable[tuple[Place, BinaryIO]], out: BinaryIO) -> None:
    """Put files into a ZIP as a stick has them, marker first: the same files give the same bytes."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        target.writestr(_entry(MARKER), STICK_MARKER.encode(MARKED) + b"\n")
        for place, file in files:
            with target.open(_entry("/".join(place.steps)), "w", force_zip64=False) as copy:
                shutil.copyfileobj(file, copy, PIECE)


def pack_stick(stick: StickFolder, out: BinaryIO, most: int) -> None:
    """Put into a ZIP what the centre wrote on a stick, and nothing else. `most`: bytes of all.

    Raises StickUseError when it is more, stick.StickError.
    """
    kiosks = stick.kiosks("to")
    check(sum(weigh(stick, kiosk) for kiosk in kiosks), most)
    pack(_opened(stick, [place for kiosk in kiosks for place in _written(stick, kiosk)]), out)


def weigh(stick: StickFolder, kiosk: str) -> int:
    """Bytes that the centre wrote for one kiosk."""
    return sum(file.seek(0, 2) for _, file in _opened(stick, _written(stick, kiosk)))


def check(size: int, most: int) -> None:
    """Raises StickUseError for more bytes than a ZIP may have."""
    if size > most:
        raise StickUseError(
            f"{size >> 20} MiB for one ZIP, at most {most >> 20} (sticks.zip_mib): take fewer kiosks, or no update",
            faults.SIZE,
            str(most >> 20),
        )


def _opened(stick: StickFolder, places: Iterable[Place]) -> Iterator[tuple[Place, BinaryIO]]:
    """One file at a time: a round of 200 kiosks has a thousand, and a process may open as many."""
    for place in places:
        file = stick.open(place)
        if file is not None:
            with file:
                yield place, file


def _written(stick: StickFolder, kiosk: str) -> list[Place]:
    bundles = [Place(kiosk, None, version) for version in stick.bundles(kiosk)]
    return sorted([*(Place(kiosk, part) for part in TO_KIOSK), *bundles], key=lambda place: place.steps)


def _entry(name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, _STARTED)
    made.create_system, made.external_attr = 3, (stat.S_IFREG | 0o644) << 16
    return made


def _check_list(file: BinaryIO) -> int:
    """Where the ZIP says that its list of files ends and how long it is: before anything reads the list. Gives the ZIP's size."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END.size - 0xFFFF - _END64_SIZE))
    tail = file.read()
    at = tail.rfind(_END_MARK, 0, len(tail) - _END.size + len(_END_MARK))
    if tail[-_END.size :].startswith(_END_MARK) and tail.endswith(b"\0\0"):
        at = len(tail) - _END.size  # as zipfile looks for it
    if at < 0:
        raise StickSentError(Why.NOT_ZIP, "")
    _, _, _, _, count, length, _, _ = _END.unpack_from(tail, at)
    if tail[max(0, at - _END64_SIZE) : at].startswith(_END64_MARK) or count > 2 * MOST_FILES or length > MOST_LIST:
        raise StickSentError(Why.MANY, str(MOST_FILES))
    return size


def _folder(entry: zipfile.ZipInfo) -> bool:
    return entry.orig_filename.endswith("/") and not entry.file_size


def _check(entry: zipfile.ZipInfo) -> None:
    """Raises StickSentError for what no packer makes of a stick."""
    mode, name = entry.external_attr >> 16, shown(entry.orig_filename)
    if entry.create_system == 3 and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        raise StickSentError(Why.LINK, name)
    if entry.flag_bits & 1:
        raise StickSentError(Why.LOCKED, name)
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise StickSentError(Why.METHOD, name)
    if entry.file_size > max(SMALL, MOST_RATIO * entry.compress_size):
        raise StickSentError(Why.DENSE, str(MOST_RATIO))

"""What lies on a USB stick that carries messages where no network does: names, limits and lines. Pure.

The stick is the broker's equal: untrusted plumbing that can lose, repeat and invent, and cannot forge. What is not on the
closed list of names is neither read nor written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from wire import topics
from wire.codec import Codec
from wire.errors import ContractError
from wire.messages import MAX_MESSAGE_BYTES
from wire.release import order
from wire.seals import digest

MIB = 1 << 20
MARKER = "SIPERLU-STICK.json"
MAX_MARKER_BYTES = 4096
MAX_LINE_BYTES = MAX_MESSAGE_BYTES + 128
"""A sealed message, and a person's id before it."""

Side = Literal["from", "to"]
"""From kiosks to the centre, or to kiosks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StickMarker:
    """Says that this stick is ours to use. It proves nothing: everything beside it is sealed."""

    siperlu: Literal["stick"]
    version: Annotated[int, Field(ge=1, le=1)]


STICK_MARKER: Codec[StickMarker] = Codec("stick-marker", StickMarker)
MARKED = StickMarker(siperlu="stick", version=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a kiosk's folder: its side, name, the channel its lines belong to, and its most bytes."""

    side: Side
    name: str
    channel: str
    most: int


PARTS = {
    part.channel: part
    for part in (
        Part("from", "records.txt", "records", 512 * MIB),
        Part("from", "status.txt", "status", 64 * 1024),
        Part("from", "replies.txt", "replies", 32 * MIB),
        Part("from", "blobs.txt", "blobs", 512 * MIB),
        Part("to", "receipts.txt", "receipts", 32 * MIB),
        Part("to", "roster.txt", "roster", 256 * MIB),
        Part("to", "rules.txt", "rules", 4 * MIB),
        Part("to", "commands.txt", "commands", 32 * MIB),
    )
}
"""By channel."""
FROM_KIOSK = tuple(part for part in PARTS.values() if part.side == "from")
TO_KIOSK = tuple(part for part in PARTS.values() if part.side == "to")

_KIOSK = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_BUNDLE = re.compile(r"siperlu-([0-9][0-9a-z.]{0,40})\.tar")


@dataclass(frozen=True, slots=True)
class Carried:
    """A message as a stick carries it: the topic it would have had, and the very bytes."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """A file on the stick: a part of a kiosk's folder, or the bundle of a release for it."""

    kiosk: str
    part: Part | None
    version: str | None = None

    @property
    def steps(self) -> tuple[str, str, str]:
        """The names that lead to it, from the stick's root."""
        if self.part is None:
            return "to", self.kiosk, f"siperlu-{self.version}.tar"
        return self.part.side, self.kiosk, self.part.name


def read_path(path: str) -> Place:
    """The place of a path with `/` between its names. Raises ContractError for whatever is not on the closed list."""
    names = path.split("/")
    if len(names) == 3 and is_kiosk(names[1]):
        side, kiosk, name = names
        for part in PARTS.values():
            if (part.side, part.name) == (side, name):
                return Place(kiosk, part)
        version = bundle_version(name)
        if side == "to" and version is not None:
            return Place(kiosk, None, version)
    raise ContractError(f"stick: {path[:120]!r} is not on the closed list of names; see wire/README.md")


def is_kiosk(name: str) -> bool:
    """Whether a folder's name is one that a kiosk can have."""
    return _KIOSK.fullmatch(name) is not None


def bundle_version(name: str) -> str | None:
    """The version in the name of a release's bundle; None for any other name."""
    found = _BUNDLE.fullmatch(name)
    if found is None:
        return None
    try:
        order(found[1])
    except ContractError:
        return None
    return found[1]


def write_line(part: Part, carried: Carried) -> bytes:
    """A message as a line of its part. Raises ContractError for one of another channel, empty, or with a line's end in it."""
    address = topics.parse(carried.topic)
    if address.channel != part.channel or not carried.payload or re.search(rb"[^!-~]", carried.payload):
        raise ContractError(f"stick: what came as {carried.topic} is no sealed message of {part.name}")
    person = f"{address.item}\t".encode() if part.channel == "roster" and address.item else b""
    return person + carried.payload + b"\n"


def read_line(part: Part, kiosk: str, line: bytes) -> Carried:
    """The message of a line, as nothing but bytes: whoever takes it verifies it. Raises ContractError."""
    head, tab, rest = line.partition(b"\t")
    payload, item = line, None
    if part.channel == "roster" and tab:
        payload, item = rest, head.decode("ascii", "replace")
    elif part.channel == "blobs":
        item = digest(line)
    if not payload or item == "" or len(payload) > MAX_MESSAGE_BYTES or re.search(rb"[^!-~]", payload):
        raise ContractError(f"stick: a line of {part.name} is no sealed message")
    topic = topics.Address(kiosk, part.channel, item).topic
    topics.parse(topic)
    return Carried(topic, payload)


def _unheard() -> None:
    """Nobody counts what is passed over."""


def whole_lines(read: Callable[[int], bytes], passed: Callable[[], object] = _unheard) -> Iterator[bytes]:
    """The lines of a file, without their ends. `read`: a file's `readline`. A line that is too long is passed over, and so is
    a last one without an end: the stick was pulled out while it was written. `passed` is called for each such line."""
    passing = False
    while piece := read(MAX_LINE_BYTES + 1):
        ended = piece.endswith(b"\n")
        if ended and passing:
            passed()
        elif ended and (line := piece.rstrip(b"\r\n")):
            yield line
        passing = not ended
    if passing:
        passed()


def read_lines(
    part: Part, kiosk: str, read: Callable[[int], bytes], passed: Callable[[], object] = _unheard
) -> Iterator[Carried]:
    """The messages of a part. What is no message is passed over: the rest of the file is as good as without it. `passed` is
    called for each such line."""
    for line in whole_lines(read, passed):
        try:
            yield read_line(part, kiosk, line)
        except ContractError:
            passed()

"""Which files of an upload are a stick's, by their names and sizes alone: nothing is opened before this said yes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from collector.errors import StickSentError
from wire.errors import ContractError
from wire.stick import MARKER, Place, read_path

MOST_FILES = 4000
"""Files of one upload: four of each of a thousand kiosks."""
MOST_NAME = 512
MOST_TOLD = 50
"""Refused files that are named one by one; the others are counted."""

_PLAIN = re.compile(r"[^\x00-\x1f\x7f\\]+")


class Why(StrEnum):
    """What speaks against a file, or against an upload as a whole."""

    OFF_LIST = "off-list"  # of one file, and so the next two: the others are taken
    TOO_LARGE = "too-large"
    BROKEN = "broken"
    NOT_ZIP = "not-zip"
    LEADS_OUT = "leads-out"
    TWICE = "twice"
    LINK = "link"
    LOCKED = "locked"
    METHOD = "method"
    MANY = "many"
    DENSE = "dense"
    OVER = "over"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not taken, and why. `what`: its name, as far as it can be shown."""

    what: str
    why: Why


@dataclass(frozen=True, slots=True)
class Sent:
    """An upload, sorted out. `kept`: its number among what was sent, and its place; `own`: files that the centre had put on the
    stick itself, which nobody reads here."""

    kept: tuple[tuple[int, Place], ...]
    refused: tuple[Refused, ...]
    own: int


def sort_out(files: Iterable[tuple[str, int]], most: int) -> Sent:
    """Sort out files by path and size in bytes. `most`: bytes of all that is kept.

    Raises StickSentError for a path that leads out, a place that two files claim, too many files or bytes, and when no file is a
    kiosk's.
    """
    kept: dict[tuple[str, ...], tuple[int, Place]] = {}
    refused: list[Refused] = []
    own = size = 0
    for number, (name, length) in enumerate(files):
        if number >= MOST_FILES:
            raise StickSentError(Why.MANY, str(MOST_FILES))
        try:
            place = _place(name)
        except ContractError:
            refused.append(Refused(shown(name), Why.OFF_LIST))
            continue
        if place is None:
            continue
        if place.steps[0] == "to":
            own += 1
        elif place.part is not None and length > place.part.most:
            refused.append(Refused(shown(name), Why.TOO_LARGE))
        elif place.steps in kept:
            raise StickSentError(Why.TWICE, shown(name))
        else:
            kept[place.steps] = (number, place)
            size += length
    if size > most:
        raise StickSentError(Why.OVER, str(most >> 20))
    if not kept and all(one.why is Why.OFF_LIST for one in refused):
        raise StickSentError(Why.NOTHING, refused[0].what if refused else "")
    return Sent(tuple(kept.values()), tuple(refused), own)


def shown(name: str) -> str:
    """A name from outside, fit to be shown: its last 120 characters, the unprintable ones as `?`."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[-120:])


def _place(name: str) -> Place | None:
    """Where a path leads on a stick, whatever folders the stick's own lie in; None for the marker.

    Raises StickSentError for a path that no stick has, ContractError for what is not on the closed list.
    """
    steps = name.split("/")
    if len(name) > MOST_NAME or not _PLAIN.fullmatch(name) or {"", ".", ".."} & set(steps) or ":" in steps[0]:
        raise StickSentError(Why.LEADS_OUT, shown(name))
    if steps[-1] == MARKER:
        return None
    return read_path(
        "/".join(["from", *steps] if len(steps) == 2 else steps[-3:])
    )  # two: the folder of one kiosk was chosen

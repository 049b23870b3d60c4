"""Why an order on a stick failed, as a word and what it is about: kept with the order, told in the reader's language."""

from __future__ import annotations

import errno
import json
from dataclasses import asdict, dataclass

from collector.errors import StickSentError, StickUseError
from collector.sticks.sent import Why
from stick import FullError

UNKNOWN = "unknown"
FULL = "disk-full"
SIZE = "size"
NO_RELEASE = "no-release"
STRANGER = "stranger"
WAITING = "waiting"
KIOSKS = "kiosks"
CRASHED = "crashed"
LOST = "lost"
UNREADABLE = "unreadable"
"""Of a kiosk's folder on a stick itself, which a command reads: no order fails for it."""
CODES = (*Why, UNKNOWN, FULL, SIZE, NO_RELEASE, STRANGER, WAITING, KIOSKS, CRASHED, LOST)


@dataclass(frozen=True, slots=True)
class Fault:
    """One of CODES, and the name, file or figure it is about."""

    code: str
    what: str = ""


def of(error: Exception) -> Fault:
    """What an error comes to; UNKNOWN, which the log tells more of, for one that nobody foresaw."""
    if isinstance(error, StickSentError):
        return Fault(error.why, error.what)
    if isinstance(error, StickUseError) and error.rule:
        return Fault(error.rule, error.what)
    if isinstance(error, FullError) or (isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}):
        return Fault(FULL)
    return Fault(UNKNOWN, type(error).__name__)


def encode(fault: Fault) -> str:
    """As an order keeps it."""
    return json.dumps(asdict(fault))


def decode(text: str) -> Fault:
    """Out of what an order keeps."""
    return Fault(**json.loads(text))

"""The course of an update: which step comes after which, wherever a power cut fell. Pure.

begun ─ install → installed ─ switch → switched ─ restart, prove → proven ─→ done
             └─ cannot → failed            └─ not good → returning ─ switch back, restart → failed
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Stage(StrEnum):
    """How far an update is: what is true on the disk."""

    BEGUN = "begun"
    INSTALLED = "installed"
    SWITCHED = "switched"
    PROVEN = "proven"
    RETURNING = "returning"
    DONE = "done"
    FAILED = "failed"


ENDS = frozenset({Stage.DONE, Stage.FAILED})
PROVING = timedelta(seconds=150)
"""A new release has so long to be as good as the old one: models load in seconds, a slow card and network need more."""

TRIES = 3
"""A release whose proof ends with the machine going down, again and again, is the reason: it is not proven once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vital:
    """How the kiosk is. `frame_at`: newest picture; `started_at`: when the process began that wrote the newest record of a start,
    and `start` which record that is; `serves`: people can check in; `online`: the broker is reached."""

    frame_at: datetime | None = None
    started_at: datetime | None = None
    start: str | None = None
    serves: bool = False
    online: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """An update under way. `order`: the command's id; `previous`: version before it, empty for none; `before`: how the kiosk was
    then; `reason`: why it failed; `tries`: how often its proof was begun."""

    order: str
    version: str
    previous: str
    stage: Stage
    before: Vital
    reason: str = ""
    tries: int = 0


def shortcomings(before: Vital, after: Vital, since: datetime, known: str | None = None) -> list[str]:
    """What worked before and does not yet. `since`: when the new release was started; `known`: the record of a start that was there
    already, for a clock that is turned back or a board that comes up in the past makes older ones look new. Empty: it is as good as
    the old one.

    That it writes records is told by the record of its own start: the old one wrote some until its last moment. A kiosk without a
    camera, a roster or a network before must not lose its update for that.
    """
    saw = before.frame_at is not None and since - before.frame_at < timedelta(minutes=10)
    found = []
    if saw and (after.frame_at is None or after.frame_at < since):
        found.append("no-pictures")
    if after.started_at is None or after.started_at < since or (known is not None and after.start == known):
        found.append("no-record")
    if before.serves and not after.serves:
        found.append("no-service")
    if before.online and not after.online:
        found.append("offline")
    return found

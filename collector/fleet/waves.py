"""How a new version reaches all kiosks: a few first, then more, and no further when too many fail. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SIZES: Final = (1, 5, 25, 100)
"""Kiosks of the first waves; the last wave takes all that are left."""


class Stage(StrEnum):
    """How far one kiosk is."""

    WAITING = "waiting"
    ORDERED = "ordered"
    DONE = "done"
    FAILED = "failed"


class Step(StrEnum):
    """What is to be done with a rollout now."""

    WAIT = "wait"  # kiosks of this wave have yet to answer
    NEXT = "next"  # order the next wave
    PAUSE = "pause"  # too many failed: a human must look
    END = "end"


@dataclass(frozen=True, slots=True)
class Place:
    """A kiosk in a rollout: its wave, from 0, and how far it is."""

    wave: int
    stage: Stage


def split(kiosks: Iterable[tuple[str, str]], sizes: Sequence[int] = SIZES) -> dict[str, int]:
    """The wave of each kiosk, given as (kiosk, unit). Neighbours go last to each other: units take turns, so that a place
    with two kiosks keeps one that works for as long as possible.

    Raises ValueError for a size below one.
    """
    if any(size < 1 for size in sizes):
        raise ValueError(f"waves of {list(sizes)}: each holds at least one kiosk")
    waves: dict[str, int] = {}
    left = _in_turns(kiosks)
    for wave, size in enumerate(sizes):
        waves |= dict.fromkeys(left[:size], wave)
        left = left[size:]
    return waves | dict.fromkeys(left, len(sizes))


def next_step(places: Iterable[Place], allowed: int) -> tuple[Step, int]:
    """What to do, and with which wave. `allowed`: failures over all waves that are put up with before it pauses.

    A wave begins when every kiosk of those before it has answered; one more failure than allowed pauses at once.
    """
    known = list(places)
    stages = Counter(place.stage for place in known)
    if stages[Stage.FAILED] > allowed:
        return Step.PAUSE, max(place.wave for place in known if place.stage is not Stage.WAITING)
    if stages[Stage.ORDERED]:
        return Step.WAIT, max(place.wave for place in known if place.stage is Stage.ORDERED)
    waiting = [place.wave for place in known if place.stage is Stage.WAITING]
    return (Step.NEXT, min(waiting)) if waiting else (Step.END, 0)


def _in_turns(kiosks: Iterable[tuple[str, str]]) -> list[str]:
    """The first kiosk of each unit, then the second of each, and so on; within a turn by name."""
    units: dict[str, list[str]] = defaultdict(list)
    for kiosk, unit in sorted(set(kiosks)):
        units[unit].append(kiosk)
    turns: dict[int, list[str]] = defaultdict(list)
    for names in units.values():
        for turn, name in enumerate(names):
            turns[turn].append(name)
    return [name for turn in sorted(turns) for name in sorted(turns[turn])]
